package dev.tenon.api;

import java.util.Arrays;

/// Derivatives by finite differences on a grid that need not be even.
final class Differences {
    private Differences() {}

    static Tensor gradient(Tensor in, int axis, Tensor spacing, int edgeOrder) {
        Tensor x = in.dtype().isFloating() ? in : in.to(DType.F32);
        int a = x.shape().axis(axis);
        long n = x.rank() == 0 ? 0 : x.size(a);
        if (edgeOrder < 1 || edgeOrder > 2 || n <= edgeOrder
                || spacing.rank() > 0 && spacing.elements() != n - 1) {
            throw new TensorException("gradient: " + in.shape() + " along axis " + axis + ", spacing "
                    + spacing.shape() + ", order at the edges " + edgeOrder
                    + ": expected order 1 or 2, more elements than that, and a distance for each pair of neighbours");
        }
        long[] along = new long[x.rank()];
        Arrays.fill(along, 1);
        along[a] = n - 1;
        Tensor h = spacing.to(x.dtype()).reshape(-1).expand(n - 1).reshape(along);
        Tensor slopes = x.narrow(a, 1, n - 1).sub(x.narrow(a, 0, n - 1)).div(h);
        Tensor first = slopes.narrow(a, 0, 1);
        Tensor last = slopes.narrow(a, n - 2, 1);
        if (n == 2) {
            return Tensors.cat(a, first, last);
        }
        Tensor left = h.narrow(a, 0, n - 2);
        Tensor right = h.narrow(a, 1, n - 2);
        // Each slope weighs by the distance of the other one.
        Tensor inner = slopes.narrow(a, 0, n - 2).mul(right).add(slopes.narrow(a, 1, n - 2).mul(left))
                .div(left.add(right));
        if (edgeOrder == 2) {
            first = extrapolated(first, slopes.narrow(a, 1, 1), left.narrow(a, 0, 1), right.narrow(a, 0, 1));
            last = extrapolated(last, slopes.narrow(a, n - 3, 1), right.narrow(a, n - 3, 1),
                    left.narrow(a, n - 3, 1));
        }
        return Tensors.cat(a, first, inner, last);
    }

    /// The slope at the outer end of the first of two intervals.
    private static Tensor extrapolated(Tensor slope, Tensor next, Tensor width, Tensor nextWidth) {
        return slope.add(slope.sub(next).mul(width).div(width.add(nextWidth)));
    }
}
