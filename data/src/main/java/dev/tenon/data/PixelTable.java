package dev.tenon.data;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Grey images of unsigned bytes as `F32` of shape [1, height, width] with `I64` labels: byte b becomes
/// (b / 255 - mean) / deviation, looked up in a table.
final class PixelTable {
    private final float[] values = new float[256];
    private final Shape shape;
    private final List<Field> fields;
    private final int pixels;

    PixelTable(int height, int width, double mean, double deviation) {
        if (!(deviation > 0) || Double.isInfinite(deviation) || !Double.isFinite(mean)) {
            throw new IllegalArgumentException("normalise: mean " + mean + ", deviation " + deviation
                + ": expected finite numbers and a deviation above 0");
        }
        for (int b = 0; b < values.length; b++) {
            values[b] = (float) ((b / 255.0 - mean) / deviation);
        }
        this.shape = Shape.of(1, height, width);
        this.fields = List.of(new Field("input", DType.F32, shape), new Field("target", DType.I64, Shape.SCALAR));
        this.pixels = height * width;
    }

    List<Field> fields() {
        return fields;
    }

    float[] floats(byte[] image, int offset) {
        float[] out = new float[pixels];
        for (int i = 0; i < pixels; i++) {
            out[i] = values[image[offset + i] & 0xFF];
        }
        return out;
    }

    Sample sample(byte[] image, int offset, long label) {
        return Sample.of(floats(image, offset), shape, label);
    }

    void fill(byte[] image, int offset, long label, HostBatch into, int row) {
        MemorySegment.copy(floats(image, offset), 0, into.row(0, row), ValueLayout.JAVA_FLOAT, 0, pixels);
        into.row(1, row).set(ValueLayout.JAVA_LONG, 0, label);
    }
}
