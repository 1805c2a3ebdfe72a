package dev.tenon.nn.functional;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.binary;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.neg;
import static dev.tenon.api.op.Exprs.select;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.Formula;
import dev.tenon.api.Formula.Rule;
import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.UnaryFn;
import java.util.Arrays;

/// Activations with settings, beyond those that tensors have as methods.
public final class Shrinkage {
    private static final Formula CELU = new Formula("celu", Rule.FLOAT, a -> select(
            binary(BinaryFn.GT, a.x(0), a.c(0)), a.x(0), mul(a.p(0), unary(UnaryFn.EXPM1, div(a.x(0), a.p(0))))));
    private static final Formula HARDTANH = new Formula("hardtanh", Rule.NUMBERS_ONLY, a -> select(
            binary(BinaryFn.LE, a.x(0), a.p(0)), a.p(0),
            select(binary(BinaryFn.GE, a.x(0), a.p(1)), a.p(1), a.x(0))));
    private static final Formula SOFTPLUS = new Formula("softplus", Rule.FLOAT, a -> {
        var scaled = mul(a.x(0), a.p(0));
        return select(binary(BinaryFn.GT, scaled, a.p(1)), a.x(0), div(unary(UnaryFn.SOFTPLUS, scaled), a.p(0)));
    });
    private static final Formula THRESHOLD = new Formula("threshold", Rule.NUMBERS_ONLY, a -> select(
            binary(BinaryFn.LE, a.x(0), a.p(0)), a.p(1), a.x(0)));
    private static final Formula SOFTSHRINK = new Formula("softshrink", Rule.FLOAT, a -> select(
            binary(BinaryFn.GT, a.x(0), a.p(0)), sub(a.x(0), a.p(0)),
            select(binary(BinaryFn.LT, a.x(0), neg(a.p(0))), add(a.x(0), a.p(0)), mul(a.x(0), a.c(0)))));
    private static final Formula HARDSHRINK = new Formula("hardshrink", Rule.FLOAT, a -> select(
            binary(BinaryFn.AND, binary(BinaryFn.GE, a.x(0), neg(a.p(0))), binary(BinaryFn.LE, a.x(0), a.p(0))),
            a.c(0), a.x(0)));
    private static final Formula TANHSHRINK =
            new Formula("tanhshrink", Rule.FLOAT, a -> sub(a.x(0), unary(UnaryFn.TANH, a.x(0))));
    private static final Formula PRELU = new Formula("prelu", Rule.FLOAT, a -> select(
            binary(BinaryFn.GT, a.x(0), a.c(0)), a.x(0), mul(a.x(1), a.x(0))));

    private Shrinkage() {}

    private static Tensor apply(Formula f, Tensor x, double... numbers) {
        return f.apply(x, numbers);
    }

    /// x where positive, elsewhere alpha (e^(x / alpha) - 1) (Barron, 2017).
    public static Tensor celu(Tensor x, double alpha) {
        return apply(CELU, x, alpha);
    }

    /// x limited to [min, max], with a derivative of 0 at both ends.
    public static Tensor hardtanh(Tensor x, double min, double max) {
        return apply(HARDTANH, x, min, max);
    }

    /// log(1 + e^(beta x)) / beta, and x itself where beta x exceeds the threshold.
    public static Tensor softplus(Tensor x, double beta, double threshold) {
        return apply(SOFTPLUS, x, beta, threshold);
    }

    /// x where it exceeds the threshold, elsewhere the value.
    public static Tensor threshold(Tensor x, double threshold, double value) {
        return apply(THRESHOLD, x, threshold, value);
    }

    /// x moved by lambda towards zero, which it does not pass.
    public static Tensor softshrink(Tensor x, double lambda) {
        if (!(lambda >= 0)) {
            throw new TensorException("softshrink: lambda " + lambda + ": expected at least 0");
        }
        return apply(SOFTSHRINK, x, lambda);
    }

    /// Zero within [-lambda, lambda], elsewhere x.
    public static Tensor hardshrink(Tensor x, double lambda) {
        return apply(HARDSHRINK, x, lambda);
    }

    /// x - tanh(x).
    public static Tensor tanhshrink(Tensor x) {
        return TANHSHRINK.apply(x);
    }

    /// x where positive, elsewhere weight times x (He et al., 2015).
    ///
    /// @param weight one number, or one for each channel (axis 1)
    /// @throws TensorException if the number of weights is neither
    public static Tensor prelu(Tensor x, Tensor weight) {
        long channels = x.rank() > 1 ? x.size(1) : 1;
        if (weight.elements() != 1 && weight.elements() != channels) {
            throw new TensorException("prelu: " + weight.elements() + " weights for input " + x.shape()
                    + ": expected 1 or " + channels);
        }
        long[] dims = new long[x.rank()];
        Arrays.fill(dims, 1);
        if (x.rank() > 1) {
            dims[1] = weight.elements();
        }
        return PRELU.apply(x, weight.reshape(dims));
    }

    /// x where positive, elsewhere x times a slope: drawn for each element uniformly from [lower, upper) in training,
    /// their mean otherwise (Xu et al., 2015).
    ///
    /// @throws TensorException if the limits are not in order or the dtype is not floating-point
    public static Tensor rrelu(Tensor x, double lower, double upper, boolean training, Generator generator) {
        if (!(lower <= upper) || !x.dtype().isFloating()) {
            throw new TensorException("rrelu: input " + x.type() + ", slopes from " + lower + " to " + upper
                    + ": expected floating-point and limits in order");
        }
        if (!training) {
            return x.leakyRelu((lower + upper) / 2);
        }
        return PRELU.apply(x, Tensors.uniform(x.shape(), lower, upper, x.dtype(), x.device(), generator));
    }

    /// The first half along an axis times the sigmoid of the second (Dauphin et al., 2016).
    ///
    /// @throws TensorException if the extent is odd
    public static Tensor glu(Tensor x, int axis) {
        long n = x.rank() == 0 ? 1 : x.size(axis);
        if (n % 2 != 0) {
            throw new TensorException("glu: extent " + n + " along axis " + axis + " of " + x.shape()
                    + ": expected an even one");
        }
        return x.narrow(axis, 0, n / 2).mul(x.narrow(axis, n / 2, n / 2).sigmoid());
    }
}
