package dev.tenon.tck.reference;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Operand;
import dev.tenon.tck.math.Numbers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A strided operand whose elements are read and written as doubles or longs. Positions are offsets in elements.
record Array(DType dtype, Shape shape, long[] strides, MemorySegment memory, long byteOffset) {

    static List<Array> all(List<TensorType> types, List<? extends Operand> operands) {
        List<Array> arrays = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            TensorType t = types.get(i);
            MemorySegment memory = ReferenceRuntime.segment(operands.get(i).memory());
            arrays.add(new Array(t.dtype(), t.shape(), t.strides(), memory, operands.get(i).byteOffset()));
        }
        return arrays;
    }

    /// This array read as if broadcast to a shape.
    Array broadcastTo(Shape target) {
        long[] s = TensorType.of(dtype, shape, strides).broadcastStrides(target);
        return new Array(dtype, target, s, memory, byteOffset);
    }

    /// This array without some axes: one slice, starting at the first element.
    Array without(List<Integer> axes) {
        Shape s = Shape.SCALAR;
        List<Long> kept = new ArrayList<>();
        for (int i = 0; i < shape.rank(); i++) {
            if (!axes.contains(i)) {
                s = s.inserted(s.rank(), shape.dim(i));
                kept.add(strides[i]);
            }
        }
        long[] k = kept.stream().mapToLong(Long::longValue).toArray();
        return new Array(dtype, s, k, memory, byteOffset);
    }

    /// What is done at each index.
    interface Visitor {
        void at(long[] index);
    }

    /// Visits every index of a shape in row-major order. The array passed is reused.
    static void forEach(Shape shape, Visitor visitor) {
        long[] index = new long[shape.rank()];
        for (long n = shape.elements(); n > 0; n--) {
            visitor.at(index);
            for (int a = index.length - 1; a >= 0 && ++index[a] == shape.dim(a); a--) {
                index[a] = 0;
            }
        }
    }

    /// The position of the element at an index.
    long position(long[] index) {
        long p = 0;
        for (int i = 0; i < strides.length; i++) {
            p += index[i] * strides[i];
        }
        return p;
    }

    /// The position of the element at an index with another number along one axis.
    long position(long[] index, int axis, long along) {
        return position(index) + (along - index[axis]) * strides[axis];
    }

    boolean isFloating() {
        return dtype.isFloating();
    }

    private long address(long position) {
        return byteOffset + position * dtype.bytes();
    }

    double getDouble(long position) {
        long a = address(position);
        return switch (dtype) {
            case F64 -> memory.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, a);
            case F32 -> memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, a);
            case F16 -> Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, a));
            case BF16 -> Float.intBitsToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, a) << 16);
            default -> getLong(position);
        };
    }

    long getLong(long position) {
        long a = address(position);
        return switch (dtype) {
            case I64 -> memory.get(ValueLayout.JAVA_LONG_UNALIGNED, a);
            case I32 -> memory.get(ValueLayout.JAVA_INT_UNALIGNED, a);
            case I16 -> memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, a);
            case I8 -> memory.get(ValueLayout.JAVA_BYTE, a);
            case U8, BOOL -> memory.get(ValueLayout.JAVA_BYTE, a) & 0xFF;
            default -> Numbers.toLong(getDouble(position), dtype.kind());
        };
    }

    void setDouble(long position, double v) {
        long a = address(position);
        switch (dtype) {
            case F64 -> memory.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, a, v);
            case F32 -> memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, a, (float) v);
            case F16 -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, a, Float.floatToFloat16((float) v));
            case BF16 -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, a, Numbers.toBFloat16((float) v));
            case BOOL -> memory.set(ValueLayout.JAVA_BYTE, a, (byte) (v != 0 ? 1 : 0));
            default -> setLong(position, Numbers.toLong(v, dtype.kind()));
        }
    }

    void setLong(long position, long v) {
        long a = address(position);
        switch (dtype) {
            case I64 -> memory.set(ValueLayout.JAVA_LONG_UNALIGNED, a, v);
            case I32 -> memory.set(ValueLayout.JAVA_INT_UNALIGNED, a, (int) v);
            case I16 -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, a, (short) v);
            case I8, U8 -> memory.set(ValueLayout.JAVA_BYTE, a, (byte) v);
            case BOOL -> memory.set(ValueLayout.JAVA_BYTE, a, (byte) (v != 0 ? 1 : 0));
            default -> setDouble(position, v);
        }
    }

    /// Copies one element from another array, converting it.
    void set(long position, Array from, long fromPosition) {
        if (from.isFloating()) {
            setDouble(position, from.getDouble(fromPosition));
        } else {
            setLong(position, from.getLong(fromPosition));
        }
    }

    @Override
    public String toString() {
        return dtype + shape.toString() + Arrays.toString(strides);
    }
}
