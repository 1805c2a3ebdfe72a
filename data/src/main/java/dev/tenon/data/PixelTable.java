package dev.tenon.data;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Images of unsigned bytes as samples of floats: input `F32` of shape [channels, height, width], target `I64`. Byte b
/// of channel c becomes (b / 255 - mean\[c\]) / deviation\[c\], looked up in a table.
public final class PixelTable {
    private static final int VALUES = 256;

    private final float[] values;
    private final Shape shape;
    private final List<Field> fields;
    private final int plane;
    private final int pixels;

    PixelTable(int height, int width, double mean, double deviation) {
        this(Shape.of(1, height, width), new double[] {mean}, new double[] {deviation});
    }

    /// @param shape [channels, height, width]
    /// @param means one for each channel
    /// @param deviations one for each channel
    /// @throws IllegalArgumentException if there is not one of each for each channel, or they are not finite, or a
    ///     deviation is not above 0
    public PixelTable(Shape shape, double[] means, double[] deviations) {
        if (shape.rank() != 3 || means.length != shape.dim(0) || deviations.length != shape.dim(0)) {
            throw new IllegalArgumentException("normalise: " + means.length + " means and " + deviations.length
                + " deviations for images of shape " + shape + "; expected one of each for each channel");
        }
        values = new float[means.length * VALUES];
        for (int c = 0; c < means.length; c++) {
            if (!(deviations[c] > 0) || Double.isInfinite(deviations[c]) || !Double.isFinite(means[c])) {
                throw new IllegalArgumentException("normalise: mean " + means[c] + ", deviation " + deviations[c]
                    + ": expected finite numbers and a deviation above 0");
            }
            for (int b = 0; b < VALUES; b++) {
                values[c * VALUES + b] = (float) ((b / 255.0 - means[c]) / deviations[c]);
            }
        }
        this.shape = shape;
        this.fields = List.of(new Field("input", DType.F32, shape), new Field("target", DType.I64, Shape.SCALAR));
        this.plane = Math.toIntExact(shape.dim(1) * shape.dim(2));
        this.pixels = Math.toIntExact(shape.elements());
    }

    /// What the samples consist of.
    public List<Field> fields() {
        return fields;
    }

    private float[] floats(byte[] images, int offset) {
        float[] out = new float[pixels];
        int i = 0;
        for (int table = 0; table < values.length; table += VALUES) {
            for (int end = i + plane; i < end; i++) {
                out[i] = values[table + (images[offset + i] & 0xFF)];
            }
        }
        return out;
    }

    /// The image that begins at an offset, and its label.
    public Sample sample(byte[] images, int offset, long label) {
        return Sample.of(floats(images, offset), shape, label);
    }

    /// Writes the image that begins at an offset, and its label, into a row of a batch.
    public void fill(byte[] images, int offset, long label, HostBatch into, int row) {
        MemorySegment.copy(floats(images, offset), 0, into.row(0, row), ValueLayout.JAVA_FLOAT, 0, pixels);
        into.row(1, row).set(ValueLayout.JAVA_LONG, 0, label);
    }
}
