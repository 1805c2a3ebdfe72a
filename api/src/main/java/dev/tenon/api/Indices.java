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
}
