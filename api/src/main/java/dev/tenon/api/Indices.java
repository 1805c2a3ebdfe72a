package dev.tenon.api;

import dev.tenon.api.op.ScatterOp;
import java.util.Arrays;

/// The workings of [IndexingOps].
final class Indices {
    private Indices() {}

    /// A vector of positions along an axis, seen (without copying) as an index of the rank and other extents of
    /// `shape`.
    static Tensor along(Tensor vector, int axis, Shape shape) {
        long[] dims = new long[shape.rank()];
        Arrays.fill(dims, 1);
        dims[axis] = vector.elements();
        return vector.reshape(dims).expand(shape.with(axis, vector.elements()));
    }

    static Tensor scatter(ScatterOp.Mode mode, Tensor x, int axis, Tensor index, Tensor source) {
        if (x.rank() == 0) {
            return scatter(mode, x.reshape(1), 0, index.reshape(-1), source.reshape(-1)).reshape(Shape.SCALAR);
        }
        return Dispatcher.run(new ScatterOp(x.shape().axis(axis), mode), x, index, source);
    }

    static Tensor nonzero(Tensor x) {
        boolean[] mask = x.detach().ne(0L).toBooleanArray();
        int n = 0;
        for (boolean b : mask) {
            n += b ? 1 : 0;
        }
        int rank = x.rank();
        long[] rows = new long[n * rank];
        int row = 0;
        for (int i = 0; i < mask.length; i++) {
            if (mask[i]) {
                long rest = i;
                for (int a = rank - 1; a >= 0; a--) {
                    rows[row * rank + a] = rest % x.size(a);
                    rest /= x.size(a);
                }
                row++;
            }
        }
        return Tensors.of(rows, Shape.of(n, rank), x.device());
    }

    /// Negative positions count from the end.
    static Tensor wrapped(Tensor index, long extent) {
        return index.add(extent).where(index.lt(0L), index);
    }

    /// The slices of a source combined into x at the positions of a vector along an axis.
    static Tensor indexed(ScatterOp.Mode mode, Tensor x, int axis, Tensor index, Tensor source) {
        if (x.rank() == 0) {
            return indexed(mode, x.reshape(1), 0, index.reshape(-1), source.reshape(-1)).reshape(Shape.SCALAR);
        }
        int a = x.shape().axis(axis);
        Tensor s = source.rank() == 0 ? source.reshape(1) : source;
        return scatter(mode, x, a, along(index.reshape(-1), a, s.shape()), s);
    }

    static Tensor scatterReduce(
            Tensor x, int axis, Tensor index, Tensor source, String reduce, boolean includeSelf) {
        if (x.rank() == 0) {
            return scatterReduce(x.reshape(1), 0, index.reshape(-1), source.reshape(-1), reduce, includeSelf)
                    .reshape(Shape.SCALAR);
        }
        ScatterOp.Mode mode = switch (reduce) {
            case "sum", "mean" -> ScatterOp.Mode.ADD;
            case "prod" -> ScatterOp.Mode.MUL;
            case "amax" -> ScatterOp.Mode.MAX;
            case "amin" -> ScatterOp.Mode.MIN;
            default -> throw new TensorException("scatter_reduce: reduction \"" + reduce
                    + "\": expected sum, prod, mean, amax or amin");
        };
        if (index.elements() == 0) {
            return x.clone();
        }
        Tensor start = x;
        if (!includeSelf) {
            start = scatter(ScatterOp.Mode.SET, x, axis, index, neutral(mode, x).expand(index.shape()));
        }
        Tensor total = scatter(mode, start, axis, index, source);
        if (!reduce.equals("mean")) {
            return total;
        }
        Tensor one = Tensors.ones(Shape.SCALAR, x.dtype(), x.device()).expand(index.shape());
        Tensor none = includeSelf ? Tensors.onesLike(x) : Tensors.zerosLike(x);
        Tensor count = scatter(ScatterOp.Mode.ADD, none, axis, index, one);
        count = count.maximum(Tensors.onesLike(count));
        return x.dtype().isFloating() ? total.div(count) : total.floorDivide(count);
    }

    /// What a mode combines with any number to give that number.
    private static Tensor neutral(ScatterOp.Mode mode, Tensor x) {
        DType d = x.dtype();
        double lowest = switch (d) {
            case BOOL, U8 -> 0;
            case I8 -> Byte.MIN_VALUE;
            case I16 -> Short.MIN_VALUE;
            case I32 -> Integer.MIN_VALUE;
            case I64 -> Long.MIN_VALUE;
            default -> Double.NEGATIVE_INFINITY;
        };
        double highest = switch (d) {
            case BOOL -> 1;
            case U8 -> 255;
            default -> d.isFloating() ? Double.POSITIVE_INFINITY : -(lowest + 1);
        };
        double value = switch (mode) {
            case SET, ADD -> 0;
            case MUL -> 1;
            case MAX -> lowest;
            case MIN -> highest;
        };
        return Tensors.full(Shape.SCALAR, value, d, x.device());
    }
}
