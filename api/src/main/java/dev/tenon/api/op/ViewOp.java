package dev.tenon.api.op;

import dev.tenon.api.Shape;
import dev.tenon.api.TensorException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Another way of reading the same memory: pure stride arithmetic, no data moves and no backend is asked.
public sealed interface ViewOp extends Primitive {

    /// Where a view lies: its type, and the offset of its first element from that of the viewed tensor, in elements.
    record Placement(TensorType type, long offset) {}

    /// The placement of this view of a tensor of the given type.
    ///
    /// @throws TensorException if the view does not fit the type
    Placement place(TensorType in);

    /// Whether each element of the viewed tensor is reached at most once.
    default boolean isInjective() {
        return true;
    }

    @Override
    default List<TensorType> infer(List<TensorType> in) {
        return List.of(place(in.getFirst()).type());
    }

    /// The same elements in row-major order under another shape of the same size.
    ///
    /// @param shape the new shape
    record Reshape(Shape shape) implements ViewOp {
        @Override
        public String name() {
            return "reshape";
        }

        /// The strides with which a tensor of the given type can be read in the shape, or empty where only a copy can.
        public Optional<long[]> strides(TensorType in) {
            if (in.isContiguous()) {
                return Optional.of(shape.contiguousStrides());
            }
            long[] out = new long[shape.rank()];
            int o = shape.rank() - 1;
            int i = in.rank() - 1;
            // From the last axis: each run of source axes that lies evenly in memory can be cut anew at will.
            while (i >= 0) {
                if (in.shape().dim(i) == 1) {
                    i--;
                    continue;
                }
                long stride = in.stride(i);
                long run = in.shape().dim(i--);
                while (i >= 0 && (in.shape().dim(i) == 1 || in.stride(i) == stride * run)) {
                    run *= in.shape().dim(i--);
                }
                while (o >= 0 && (shape.dim(o) == 1 || run > 1 && run % shape.dim(o) == 0)) {
                    out[o] = stride;
                    stride *= shape.dim(o);
                    run /= shape.dim(o--);
                }
                if (run > 1) {
                    return Optional.empty();
                }
            }
            for (; o >= 0; o--) {
                out[o] = 1;
            }
            return Optional.of(out);
        }

        @Override
        public Placement place(TensorType in) {
            if (in.elements() != shape.elements()) {
                throw new TensorException("reshape: " + in.shape() + " has " + in.elements() + " elements, " + shape
                        + " has " + shape.elements());
            }
            long[] strides = strides(in).orElseThrow(() -> new TensorException("view: " + in + " cannot be read as "
                    + shape + " without a copy: use reshape, or contiguous first"));
            return new Placement(TensorType.of(in.dtype(), shape, strides), 0);
        }
    }

    /// The axes in another order.
    ///
    /// @param axes for each axis of the result, the axis of the operand that it is
    record Permute(List<Integer> axes) implements ViewOp {
        /// Copies the axes.
        public Permute {
            axes = List.copyOf(axes);
        }

        @Override
        public String name() {
            return "permute";
        }

        /// The permutation that undoes this one.
        public Permute inverse() {
            Integer[] inverse = new Integer[axes.size()];
            for (int i = 0; i < inverse.length; i++) {
                inverse[axes.get(i)] = i;
            }
            return new Permute(List.of(inverse));
        }

        @Override
        public Placement place(TensorType in) {
            int n = axes.size();
            if (n != in.rank() || axes.stream().distinct().filter(a -> a >= 0 && a < n).count() != n) {
                throw new TensorException("permute: " + axes + " is no permutation of the axes of " + in.shape());
            }
            long[] dims = new long[n];
            long[] strides = new long[n];
            for (int i = 0; i < n; i++) {
                dims[i] = in.shape().dim(axes.get(i));
                strides[i] = in.stride(axes.get(i));
            }
            return new Placement(TensorType.of(in.dtype(), Shape.of(dims), strides), 0);
        }
    }

    /// Every `step`-th of the elements from `start` along an axis, `length` of them; a negative step goes backwards.
    ///
    /// @param axis the axis, counted from the first
    /// @param start the first position
    /// @param length how many
    /// @param step the distance from one to the next, not 0
    record Slice(int axis, long start, long length, long step) implements ViewOp {
        @Override
        public String name() {
            return "slice";
        }

        @Override
        public Placement place(TensorType in) {
            long extent = in.shape().dim(axis);
            long last = start + (length - 1) * step;
            if (step == 0 || length < 0 || length > 0 && (start < 0 || start >= extent || last < 0 || last >= extent)) {
                throw new TensorException("slice: positions " + start + " to " + last + " step " + step + " along axis "
                        + axis + " do not lie within shape " + in.shape());
            }
            long[] strides = in.strides();
            long offset = length == 0 ? 0 : start * strides[axis];
            strides[axis] *= step;
            return new Placement(TensorType.of(in.dtype(), in.shape().with(axis, length), strides), offset);
        }
    }

    /// The tensor repeated along axes of extent 1 and along new axes in front, without copying.
    ///
    /// @param shape the shape to broadcast to
    record Expand(Shape shape) implements ViewOp {
        @Override
        public String name() {
            return "expand";
        }

        @Override
        public boolean isInjective() {
            return false;
        }

        @Override
        public Placement place(TensorType in) {
            if (!in.shape().broadcastsTo(shape)) {
                throw new TensorException("expand: " + in.shape() + " does not broadcast to " + shape
                        + ": extents must be equal or 1, aligned at the last axis");
            }
            return new Placement(TensorType.of(in.dtype(), shape, in.broadcastStrides(shape)), 0);
        }
    }

    /// The diagonal of two axes as a new last axis.
    ///
    /// @param offset 0 for the main diagonal, positive above it, negative below it
    /// @param axis1 the axis that counts rows
    /// @param axis2 the axis that counts columns
    record Diagonal(long offset, int axis1, int axis2) implements ViewOp {
        @Override
        public String name() {
            return "diagonal";
        }

        @Override
        public Placement place(TensorType in) {
            if (axis1 == axis2) {
                throw new TensorException("diagonal: axes " + axis1 + " and " + axis2 + " of " + in.shape()
                        + " are the same");
            }
            long rows = in.shape().dim(axis1) - Math.max(0, -offset);
            long columns = in.shape().dim(axis2) - Math.max(0, offset);
            long length = Math.max(0, Math.min(rows, columns));
            long start = length == 0 ? 0 : offset >= 0 ? offset * in.stride(axis2) : -offset * in.stride(axis1);
            long[] dims = new long[in.rank() - 1];
            long[] strides = new long[in.rank() - 1];
            int n = 0;
            for (int i = 0; i < in.rank(); i++) {
                if (i != axis1 && i != axis2) {
                    dims[n] = in.shape().dim(i);
                    strides[n++] = in.stride(i);
                }
            }
            dims[n] = length;
            strides[n] = in.stride(axis1) + in.stride(axis2);
            return new Placement(TensorType.of(in.dtype(), Shape.of(dims), strides), start);
        }
    }

    /// Windows that slide along an axis: the axis then counts windows, and a new last axis the positions within one.
    ///
    /// @param axis the axis, counted from the first
    /// @param size positions in a window
    /// @param step distance from one window to the next
    /// @param dilation distance from one position in a window to the next
    record Window(int axis, long size, long step, long dilation) implements ViewOp {
        @Override
        public String name() {
            return "window";
        }

        @Override
        public boolean isInjective() {
            return (size - 1) * dilation + 1 <= step;
        }

        @Override
        public Placement place(TensorType in) {
            long span = (size - 1) * dilation + 1;
            long extent = in.shape().dim(axis);
            if (size < 1 || step < 1 || dilation < 1 || span > extent) {
                throw new TensorException("window: size " + size + ", step " + step + ", dilation " + dilation
                        + " along axis " + axis + " of " + in.shape() + ": a window spans " + span
                        + " positions of " + extent + "; all must be at least 1");
            }
            long[] dims = Arrays.copyOf(in.shape().toArray(), in.rank() + 1);
            long[] strides = Arrays.copyOf(in.strides(), in.rank() + 1);
            dims[axis] = (extent - span) / step + 1;
            dims[in.rank()] = size;
            strides[in.rank()] = strides[axis] * dilation;
            strides[axis] *= step;
            return new Placement(TensorType.of(in.dtype(), Shape.of(dims), strides), 0);
        }
    }
}
