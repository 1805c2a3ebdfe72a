package dev.tenon.autograd;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.ScanOp;

/// Running sums, products, maxima and minima.
final class ScanRule implements Rule<ScanOp> {
    @Override
    public void save(ScanOp op, Link link) {
        switch (op.reducer()) {
            case SUM -> {}
            case PROD -> link.saveInput(0);
            default -> link.saveOutput(1);
        }
    }

    @Override
    public void backward(ScanOp op, Backward b) {
        Tensor g = b.grad(0);
        int axis = op.axis();
        if (op.reducer() == Reducer.SUM) {
            b.set(0, g.flip(axis).cumsum(axis).flip(axis));
        } else if (op.reducer() == Reducer.PROD) {
            b.set(0, product(g, b.input(0), axis));
        } else {
            b.set(0, ViewRules.zeros(b.inType(0), g).scatterAdd(axis, b.output(1), g));
        }
    }

    /// With y_i the product of x_0 to x_i, the gradient of x_k is the product of those before it times
    /// S_k = g_k + x_{k+1} S_{k+1}. The recurrence is solved by doubling in log n steps, without dividing by an x that
    /// may be zero.
    private static Tensor product(Tensor g, Tensor x, int axis) {
        long n = x.size(axis);
        if (n == 0) {
            return g;
        }
        Tensor s = g;
        Tensor factor = shifted(x, axis, 1);
        for (long d = 1; d < n; d *= 2) {
            s = s.add(factor.mul(shifted(s, axis, d)));
            factor = factor.mul(shifted(factor, axis, d));
        }
        long[] widths = new long[2 * (x.rank() - axis)];
        widths[widths.length - 2] = 1;
        Tensor before = Tensors.pad(x.narrow(axis, 0, n - 1), 1, widths).cumprod(axis);
        return before.mul(s);
    }

    /// Element i + d at place i, zeros behind.
    private static Tensor shifted(Tensor x, int axis, long d) {
        long[] widths = new long[2 * (x.rank() - axis)];
        widths[widths.length - 1] = d;
        return Tensors.pad(x.narrow(axis, d, x.size(axis) - d), 0, widths);
    }
}
