package dev.tenon.onnx;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.binary;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.like;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.select;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.Formula;
import dev.tenon.api.Formula.Rule;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/// Activation functions, and softmax.
final class Activations {
    static final Formula LEAKY_RELU = new Formula("leaky_relu", Rule.FLOAT, a ->
            select(positive(a.x(0)), a.x(0), mul(a.x(0), a.p(0))));
    private static final Formula ELU = new Formula("elu", Rule.FLOAT, a ->
            select(positive(a.x(0)), a.x(0), mul(a.p(0), unary(UnaryFn.EXPM1, a.x(0)))));
    private static final Formula SELU = new Formula("selu", Rule.FLOAT, a ->
            mul(a.p(1), select(positive(a.x(0)), a.x(0), mul(a.p(0), unary(UnaryFn.EXPM1, a.x(0))))));
    private static final Formula CELU = new Formula("celu", Rule.FLOAT, a ->
            select(positive(a.x(0)), a.x(0), mul(a.p(0), unary(UnaryFn.EXPM1, div(a.x(0), a.p(0))))));
    private static final Formula HARD_SIGMOID = new Formula("hard_sigmoid", Rule.FLOAT, a ->
            unit(add(mul(a.x(0), a.p(0)), a.p(1))));
    private static final Formula HARD_SWISH = new Formula("hard_swish", Rule.FLOAT, a ->
            mul(a.x(0), unit(add(mul(a.x(0), a.c(1 / 6.0)), a.c(0.5)))));
    private static final Formula THRESHOLDED_RELU = new Formula("thresholded_relu", Rule.FLOAT, a ->
            select(binary(BinaryFn.GT, a.x(0), a.p(0)), a.x(0), like(a.x(0), 0)));
    private static final Formula SWISH = new Formula("swish", Rule.FLOAT, a ->
            mul(a.x(0), unary(UnaryFn.SIGMOID, mul(a.x(0), a.p(0)))));
    private static final Formula SHRINK = new Formula("shrink", Rule.NUMERIC, a -> select(
            binary(BinaryFn.LT, a.x(0), unary(UnaryFn.NEG, a.p(1))), add(a.x(0), a.p(0)),
            select(binary(BinaryFn.GT, a.x(0), a.p(1)), sub(a.x(0), a.p(0)), like(a.x(0), 0))));

    private Activations() {}

    private static Expr positive(Expr x) {
        return binary(BinaryFn.GT, x, like(x, 0));
    }

    private static Expr unit(Expr x) {
        return binary(BinaryFn.MAX, like(x, 0), binary(BinaryFn.MIN, like(x, 1), x));
    }

    static void register(Operators r) {
        Elementwise.unary(r, "Relu", 1, Tensor::relu);
        Elementwise.unary(r, "Sigmoid", 1, Tensor::sigmoid);
        Elementwise.unary(r, "Softplus", 1, Tensor::softplus);
        Elementwise.unary(r, "Softsign", 1, Tensor::softsign);
        Elementwise.unary(r, "Mish", 18, Tensor::mish);
        r.same("Gelu", 20, c -> c.attr("approximate", "none").equals("tanh") ? c.x(0).geluTanh() : c.x(0).gelu());
        r.same("LeakyRelu", 1, c -> LEAKY_RELU.apply(c.x(0), numbers(c.attr("alpha", 0.01f))));
        r.same("Elu", 1, c -> ELU.apply(c.x(0), numbers(c.attr("alpha", 1.0))));
        r.same("Celu", 12, c -> CELU.apply(c.x(0), numbers(c.attr("alpha", 1.0))));
        r.same("Selu", 1, c -> SELU.apply(c.x(0), numbers(
                c.attr("alpha", c.since(6) ? 1.67326319217681884765625 : 1.6732),
                c.attr("gamma", c.since(6) ? 1.05070102214813232421875 : 1.0507))));
        r.same("HardSigmoid", 1, c -> hardSigmoid(c.x(0), c.attr("alpha", 0.2f), c.attr("beta", 0.5)));
        r.same("HardSwish", 14, c -> HARD_SWISH.apply(c.x(0)));
        r.same("ThresholdedRelu", 10, c -> thresholdedRelu(c.x(0), c.attr("alpha", 1.0)));
        r.same("Swish", 24, c -> SWISH.apply(c.x(0), numbers(c.attr("alpha", 1.0))));
        r.same("SwiGLU", 28, c -> SWISH.apply(c.x(0), numbers(c.attr("alpha", 1.0))).mul(c.x(1)));
        r.same("Shrink", 9, c -> SHRINK.apply(c.x(0), numbers(c.attr("bias", 0.0), c.attr("lambd", 0.5))));
        r.same("PRelu", 1, Activations::prelu);
        r.same("Softmax", 1, c -> along(c, x -> x.softmax(-1)));
        r.same("LogSoftmax", 1, c -> along(c, x -> x.logSoftmax(-1)));
        r.same("Hardmax", 1, c -> along(c, x -> {
            Tensor at = x.argmax(-1, true);
            Tensor ones = c.full(at.shape(), 1, x.dtype());
            return c.full(x.shape(), 0, x.dtype()).scatter(x.rank() - 1, at, ones);
        }));
    }

    private static double[] numbers(double... n) {
        return n;
    }

    static Tensor hardSigmoid(Tensor x, double alpha, double beta) {
        return HARD_SIGMOID.apply(x, numbers(alpha, beta));
    }

    static Tensor elu(Tensor x, double alpha) {
        return ELU.apply(x, numbers(alpha));
    }

    static Tensor thresholdedRelu(Tensor x, double alpha) {
        return THRESHOLDED_RELU.apply(x, numbers(alpha));
    }

    /// The slope broadcasts; until version 7 it was one number for each channel.
    private static Tensor prelu(Call c) {
        Tensor x = c.x(0);
        Tensor slope = c.x(1);
        if (!c.since(7) && slope.rank() == 1 && x.rank() > 1 && slope.size(0) == x.size(1)) {
            long[] dims = new long[x.rank()];
            Arrays.fill(dims, 1);
            dims[1] = x.size(1);
            slope = slope.reshape(dims);
        }
        return x.where(x.gt(0), x.mul(slope));
    }

    /// Applies a function of the last axis along `axis`; until version 13 that meant all the axes from `axis` on as
    /// one.
    private static Tensor along(Call c, UnaryOperator<Tensor> f) {
        Tensor x = c.x(0);
        if (x.rank() == 0) {
            return f.apply(x.reshape(1)).reshape(Shape.SCALAR);
        }
        if (c.since(13)) {
            int axis = c.axis("axis", -1, x.rank());
            return axis == x.rank() - 1 ? f.apply(x) : f.apply(x.movedim(axis, -1)).movedim(-1, axis);
        }
        long given = c.attr("axis", 1);
        int axis = given < 0 ? Call.axis(given, x.rank()) : Call.axis(given, x.rank() + 1);
        long rows = x.shape().slice(0, axis).elements();
        return f.apply(x.reshape(rows, x.shape().slice(axis, x.rank()).elements())).reshape(x.shape());
    }
}
