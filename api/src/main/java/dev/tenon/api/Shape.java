package dev.tenon.api;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/// The extents of a tensor along its axes; immutable, compared by value. The shape of a scalar has no axes.
public final class Shape {
    /// The shape of a scalar: no axes, one element.
    public static final Shape SCALAR = new Shape(new long[0]);

    private final long[] dims;
    private final long elements;
    private final int hash;

    private Shape(long[] dims) {
        this.dims = dims;
        long n = 1;
        for (long d : dims) {
            if (d < 0) {
                throw new TensorException("shape " + Arrays.toString(dims) + " has a negative extent");
            }
            try {
                n = Math.multiplyExact(n, d);
            } catch (ArithmeticException e) {
                throw new TensorException("shape " + Arrays.toString(dims) + " has more than 2^63 elements", e);
            }
        }
        this.elements = n;
        this.hash = Arrays.hashCode(dims);
    }

    /// A shape of the given extents.
    ///
    /// @throws TensorException if an extent is negative or the number of elements overflows 63 bits
    public static Shape of(long... dims) {
        return dims.length == 0 ? SCALAR : new Shape(dims.clone());
    }

    /// The number of axes.
    public int rank() {
        return dims.length;
    }

    /// The extent along `axis`; a negative axis counts from the last.
    public long dim(int axis) {
        return dims[axis(axis)];
    }

    /// The number of elements: the product of all extents, 1 for a scalar.
    public long elements() {
        return elements;
    }

    /// The extents as a new array.
    public long[] toArray() {
        return dims.clone();
    }

    /// The extents as a stream.
    public LongStream stream() {
        return Arrays.stream(dims);
    }

    /// `axis` counted from the first axis, whether it was given from the first (0 to rank-1) or the last (-1 to -rank).
    /// A scalar takes 0 and -1, as PyTorch's does.
    ///
    /// @throws TensorException if the axis is out of range
    public int axis(int axis) {
        int n = Math.max(dims.length, 1);
        if (axis < -n || axis >= n) {
            throw new TensorException(
                    "axis " + axis + " is out of range for shape " + this + ": expected " + -n + " to " + (n - 1));
        }
        return axis < 0 ? axis + n : axis;
    }

    /// A shape like this one with another extent along `axis`.
    public Shape with(int axis, long extent) {
        long[] d = dims.clone();
        d[axis(axis)] = extent;
        return new Shape(d);
    }

    /// A shape like this one without `axis`.
    public Shape without(int axis) {
        int a = axis(axis);
        long[] d = new long[dims.length - 1];
        System.arraycopy(dims, 0, d, 0, a);
        System.arraycopy(dims, a + 1, d, a, d.length - a);
        return of(d);
    }

    /// A shape like this one with one more axis of the given extent before `axis` (0 to rank).
    public Shape inserted(int axis, long extent) {
        long[] d = new long[dims.length + 1];
        System.arraycopy(dims, 0, d, 0, axis);
        d[axis] = extent;
        System.arraycopy(dims, axis, d, axis + 1, dims.length - axis);
        return of(d);
    }

    /// The axes `from` (inclusive) to `to` (exclusive).
    public Shape slice(int from, int to) {
        return of(Arrays.copyOfRange(dims, from, to));
    }

    /// This shape followed by another.
    public Shape concat(Shape other) {
        long[] d = Arrays.copyOf(dims, dims.length + other.dims.length);
        System.arraycopy(other.dims, 0, d, dims.length, other.dims.length);
        return of(d);
    }

    /// The strides, in elements, of a row-major contiguous tensor of this shape. Axes of extent 0 or 1 count as 1.
    public long[] contiguousStrides() {
        long[] s = new long[dims.length];
        long n = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            s[i] = n;
            n *= Math.max(dims[i], 1);
        }
        return s;
    }

    /// The shape to which both operands broadcast by NumPy's rule: aligned at the last axis, extents equal or 1.
    ///
    /// @param op the name of the op, for the error message
    /// @throws TensorException if the shapes do not broadcast
    public static Shape broadcast(String op, Shape a, Shape b) {
        if (a.equals(b)) {
            return a;
        }
        int rank = Math.max(a.rank(), b.rank());
        long[] d = new long[rank];
        for (int i = 1; i <= rank; i++) {
            long x = i <= a.rank() ? a.dims[a.rank() - i] : 1;
            long y = i <= b.rank() ? b.dims[b.rank() - i] : 1;
            if (x != y && x != 1 && y != 1) {
                throw new TensorException(op + ": shapes " + a + " and " + b + " do not broadcast: extents " + x
                        + " and " + y + " at axis " + -i + " differ and neither is 1");
            }
            d[rank - i] = x == 1 ? y : x;
        }
        return of(d);
    }

    /// Whether a tensor of this shape broadcasts to `target` without changing the target.
    public boolean broadcastsTo(Shape target) {
        if (rank() > target.rank()) {
            return false;
        }
        for (int i = 1; i <= rank(); i++) {
            long d = dims[rank() - i];
            if (d != 1 && d != target.dims[target.rank() - i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object o) {
        return this == o || o instanceof Shape s && hash == s.hash && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return stream().mapToObj(Long::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
