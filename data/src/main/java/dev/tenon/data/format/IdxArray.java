package dev.tenon.data.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/// The array an IDX file holds: a type, a shape, and the elements in row-major order.
///
/// Immutable by convention: [#bytes()] hands out the array itself, so that 47 MB of images are not copied; do not
/// write to it.
public final class IdxArray {
    private final IdxType type;
    private final List<Integer> shape;
    private final byte[] bytes;

    /// @param type the element type
    /// @param shape sizes, outermost first; empty for a single element
    /// @param bytes the elements, row-major and big endian; kept, not copied
    /// @throws IllegalArgumentException if a size is negative or `bytes` does not have the length the shape asks for
    public IdxArray(IdxType type, List<Integer> shape, byte[] bytes) {
        this.type = Objects.requireNonNull(type, "type");
        this.shape = List.copyOf(shape);
        this.bytes = Objects.requireNonNull(bytes, "bytes");
        long expected = this.shape.contains(0) ? 0 : type.bytes();
        for (int size : this.shape) {
            if (size < 0) {
                throw new IllegalArgumentException("IDX shape " + this.shape + ": size " + size + " is negative");
            }
            // beyond what an array holds, the exact number does not matter, only that it does not wrap
            expected = Math.min(expected * size, 1L << 32);
        }
        if (expected != bytes.length) {
            throw new IllegalArgumentException("IDX shape " + this.shape + " of " + type + " needs "
                + (expected < 1L << 32 ? "" : "at least ") + expected + " bytes, got " + bytes.length);
        }
    }

    /// The element type.
    public IdxType type() {
        return type;
    }

    /// The sizes, outermost first; unmodifiable.
    public List<Integer> shape() {
        return shape;
    }

    /// The number of elements.
    public int size() {
        return bytes.length / type.bytes();
    }

    /// The elements as the file has them: row-major, big endian. The array itself, not a copy.
    public byte[] bytes() {
        return bytes;
    }

    /// The elements as a read-only big-endian buffer over [#bytes()].
    public ByteBuffer buffer() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer().order(ByteOrder.BIG_ENDIAN);
    }

    /// Element `index` in row-major order, as a double (exact for every type).
    ///
    /// @throws IndexOutOfBoundsException if there is no such element
    public double get(int index) {
        Objects.checkIndex(index, size());
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return switch (type) {
            case U8 -> bytes[index] & 0xFF;
            case I8 -> bytes[index];
            case I16 -> buffer.getShort(2 * index);
            case I32 -> buffer.getInt(4 * index);
            case F32 -> buffer.getFloat(4 * index);
            case F64 -> buffer.getDouble(8 * index);
        };
    }

    /// All elements as floats, unscaled; i32 and f64 are rounded to the nearest float.
    public float[] toFloats() {
        float[] values = new float[size()];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (type) {
                case U8 -> buffer.get() & 0xFF;
                case I8 -> buffer.get();
                case I16 -> buffer.getShort();
                case I32 -> buffer.getInt();
                case F32 -> buffer.getFloat();
                case F64 -> (float) buffer.getDouble();
            };
        }
        return values;
    }

    /// All elements as ints, for labels.
    ///
    /// @throws IllegalStateException if the elements are floating point
    public int[] toInts() {
        int[] values = new int[size()];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (type) {
                case U8 -> buffer.get() & 0xFF;
                case I8 -> buffer.get();
                case I16 -> buffer.getShort();
                case I32 -> buffer.getInt();
                case F32, F64 -> throw new IllegalStateException("IDX array of " + type
                    + " has no exact ints; use toFloats() or get(i)");
            };
        }
        return values;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof IdxArray that && type == that.type && shape.equals(that.shape)
            && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * Objects.hash(type, shape) + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "IdxArray[" + type + " " + shape + "]";
    }
}
