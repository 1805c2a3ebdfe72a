package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import java.util.Arrays;

/// What a kernel must know of an operand before it sees the data: element type, shape and strides. Immutable, compared
/// by value, with its hash computed once, because it is part of the key of every cached kernel.
public final class TensorType {
    private final DType dtype;
    private final Shape shape;
    private final long[] strides;
    private final boolean contiguous;
    private final int hash;

    private TensorType(DType dtype, Shape shape, long[] strides) {
        this.dtype = dtype;
        this.shape = shape;
        this.strides = strides;
        this.contiguous = isContiguous(shape, strides);
        this.hash = (dtype.ordinal() * 31 + shape.hashCode()) * 31 + Arrays.hashCode(strides);
    }

    /// The row-major contiguous type of the given element type and shape.
    public static TensorType of(DType dtype, Shape shape) {
        return new TensorType(dtype, shape, shape.contiguousStrides());
    }

    /// A type with the given strides, counted in elements; they may be zero (broadcast) or negative (flipped).
    public static TensorType of(DType dtype, Shape shape, long[] strides) {
        if (strides.length != shape.rank()) {
            throw new IllegalArgumentException(strides.length + " strides for shape " + shape);
        }
        return new TensorType(dtype, shape, strides.clone());
    }

    private static boolean isContiguous(Shape shape, long[] strides) {
        if (shape.elements() == 0) {
            return true;
        }
        long n = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            long d = shape.dim(i);
            if (d != 1 && strides[i] != n) {
                return false;
            }
            n *= d;
        }
        return true;
    }

    /// The element type.
    public DType dtype() {
        return dtype;
    }

    /// The shape.
    public Shape shape() {
        return shape;
    }

    /// The number of axes.
    public int rank() {
        return strides.length;
    }

    /// The number of elements.
    public long elements() {
        return shape.elements();
    }

    /// The stride along `axis`, in elements.
    public long stride(int axis) {
        return strides[shape.axis(axis)];
    }

    /// The strides, in elements, as a new array.
    public long[] strides() {
        return strides.clone();
    }

    /// Whether the elements lie row-major without gaps; axes of extent 1 may have any stride.
    public boolean isContiguous() {
        return contiguous;
    }

    /// The lowest element offset that the layout reaches, relative to its first element: zero or negative.
    public long minOffset() {
        long n = 0;
        for (int i = 0; i < strides.length; i++) {
            n += Math.min(0, strides[i] * (shape.dim(i) - 1));
        }
        return elements() == 0 ? 0 : n;
    }

    /// The highest element offset that the layout reaches, relative to its first element.
    public long maxOffset() {
        long n = 0;
        for (int i = 0; i < strides.length; i++) {
            n += Math.max(0, strides[i] * (shape.dim(i) - 1));
        }
        return elements() == 0 ? 0 : n;
    }

    /// The strides with which a tensor of this type is read as if it had the shape `target`: zero along broadcast axes.
    public long[] broadcastStrides(Shape target) {
        int pad = target.rank() - rank();
        long[] s = new long[target.rank()];
        for (int i = 0; i < rank(); i++) {
            s[i + pad] = shape.dim(i) == 1 && target.dim(i + pad) != 1 ? 0 : strides[i];
        }
        return s;
    }

    /// A contiguous type of the same shape and another element type.
    public TensorType withDType(DType other) {
        return of(other, shape);
    }

    @Override
    public boolean equals(Object o) {
        return this == o
                || o instanceof TensorType t
                        && hash == t.hash
                        && dtype == t.dtype
                        && shape.equals(t.shape)
                        && Arrays.equals(strides, t.strides);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return dtype + shape.toString() + (contiguous ? "" : " strides " + Arrays.toString(strides));
    }
}
