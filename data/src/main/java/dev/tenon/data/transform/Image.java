package dev.tenon.data.transform;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.data.HostArray;
import java.lang.foreign.MemorySegment;

/// An image while it is being transformed: planes of bytes or of floats on the Java heap. Immutable by convention.
final class Image {
    final int channels;
    final int height;
    final int width;
    /// A `byte[]` or a `float[]`.
    private final Object values;

    private Image(int channels, int height, int width, Object values) {
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.values = values;
    }

    /// @param transform who asks, for the message
    /// @throws IllegalArgumentException if the array is no image
    static Image of(String transform, HostArray a) {
        Shape s = a.shape();
        boolean bytes = a.dtype() == DType.U8;
        if (!bytes && a.dtype() != DType.F32 || s.rank() != 3 || s.elements() == 0) {
            throw new IllegalArgumentException(transform + ": got " + a.dtype() + s
                + "; expected an image: u8 or f32 of shape [channels, height, width]");
        }
        MemorySegment m = a.memory();
        // The array behind the segment where there is one; transforms do not write to it.
        Object heap = m.heapBase().orElse(null);
        Object values;
        if (bytes) {
            values = heap instanceof byte[] b && b.length == m.byteSize() ? b : a.toByteArray();
        } else {
            values = heap instanceof float[] f && f.length * 4L == m.byteSize() ? f : a.toFloatArray();
        }
        return new Image((int) s.dim(0), (int) s.dim(1), (int) s.dim(2), values);
    }

    static Image of(int channels, int height, int width, byte[] values) {
        return new Image(channels, height, width, values);
    }

    static Image of(int channels, int height, int width, float[] values) {
        return new Image(channels, height, width, values);
    }

    HostArray array() {
        Shape s = Shape.of(channels, height, width);
        return values instanceof byte[] b ? HostArray.of(b, s) : HostArray.of((float[]) values, s);
    }

    boolean isBytes() {
        return values instanceof byte[];
    }

    byte[] bytes() {
        return (byte[]) values;
    }

    /// The brightest value: 255 or 1.
    float white() {
        return isBytes() ? 255 : 1;
    }

    /// All values as floats: from 0 to [#white()]. Not to be written to.
    float[] floats() {
        if (values instanceof byte[] b) {
            float[] out = new float[b.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = b[i] & 0xFF;
            }
            return out;
        }
        return (float[]) values;
    }

    /// An image of this one's type; for bytes, values beyond 0 to 255 are cut off and the others rounded.
    Image with(int newChannels, int newHeight, int newWidth, float[] floats) {
        return with(newChannels, newHeight, newWidth, floats, 0.5f);
    }

    /// An image of this one's type and size: values beyond black and white are cut off, and for bytes the others
    /// rounded down.
    Image truncated(float[] floats) {
        float white = white();
        for (int i = 0; i < floats.length; i++) {
            floats[i] = Math.clamp(floats[i], 0, white);
        }
        return with(channels, height, width, floats, 0);
    }

    private Image with(int newChannels, int newHeight, int newWidth, float[] floats, float half) {
        if (!isBytes()) {
            return of(newChannels, newHeight, newWidth, floats);
        }
        byte[] out = new byte[floats.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) (int) Math.clamp(floats[i] + half, 0, 255);
        }
        return of(newChannels, newHeight, newWidth, out);
    }

    /// Row y of the result is row `rows[y]` of this, and so for columns; what has the place -1 is filled.
    Image remapped(int[] rows, int[] columns, double fill) {
        Object out;
        boolean bytes = isBytes();
        int n = channels * rows.length * columns.length;
        out = bytes ? new byte[n] : new float[n];
        boolean run = isRun(columns);
        for (int c = 0, at = 0; c < channels; c++) {
            for (int row : rows) {
                int from = (c * height + row) * width;
                if (row >= 0 && run) {
                    System.arraycopy(values, from + columns[0], out, at, columns.length);
                } else if (bytes) {
                    line((byte[]) values, from, row >= 0, columns, (byte) (int) fill, (byte[]) out, at);
                } else {
                    line((float[]) values, from, row >= 0, columns, (float) fill, (float[]) out, at);
                }
                at += columns.length;
            }
        }
        return new Image(channels, rows.length, columns.length, out);
    }

    private static boolean isRun(int[] places) {
        for (int i = 0; i < places.length; i++) {
            if (places[i] != places[0] + i || places[i] < 0) {
                return false;
            }
        }
        return places.length > 0;
    }

    private static void line(byte[] in, int from, boolean inside, int[] columns, byte fill, byte[] out, int at) {
        for (int x = 0; x < columns.length; x++) {
            out[at + x] = inside && columns[x] >= 0 ? in[from + columns[x]] : fill;
        }
    }

    private static void line(float[] in, int from, boolean inside, int[] columns, float fill, float[] out, int at) {
        for (int x = 0; x < columns.length; x++) {
            out[at + x] = inside && columns[x] >= 0 ? in[from + columns[x]] : fill;
        }
    }

    /// The part that begins at a pixel, which may lie outside, as may the end.
    Image cropped(int top, int left, int newHeight, int newWidth, double fill, PaddingMode mode) {
        return remapped(places(top, newHeight, height, mode), places(left, newWidth, width, mode), fill);
    }

    private static int[] places(int from, int count, int n, PaddingMode mode) {
        int[] out = new int[count];
        for (int i = 0; i < count; i++) {
            out[i] = mode.place(from + i, n);
        }
        return out;
    }

    Image cropped(int top, int left, int newHeight, int newWidth) {
        return cropped(top, left, newHeight, newWidth, 0, PaddingMode.CONSTANT);
    }

    private static int[] line(int n, boolean backwards) {
        int[] out = new int[n];
        for (int i = 0; i < n; i++) {
            out[i] = backwards ? n - 1 - i : i;
        }
        return out;
    }

    Image flippedHorizontally() {
        return remapped(line(height, false), line(width, true), 0);
    }

    Image flippedVertically() {
        return remapped(line(height, true), line(width, false), 0);
    }
}
