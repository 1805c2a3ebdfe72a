package dev.tenon.api;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.binary;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.like;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.neg;
import static dev.tenon.api.op.Exprs.select;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.Formula.Rule;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;

/// The formulas behind [ActivationOps].
final class ActivationFormulas {
    static final Formula RELU =
            new Formula("relu", Rule.NUMBERS_ONLY, a -> select(le0(a.x(0)), like(a.x(0), 0), a.x(0)));
    static final Formula RELU6 = new Formula("relu6", Rule.NUMBERS_ONLY, a -> clip(a.x(0), 0, 6));
    static final Formula LEAKY_RELU =
            new Formula("leaky_relu", Rule.FLOAT, a -> select(gt0(a.x(0)), a.x(0), mul(a.x(0), a.p(0))));
    static final Formula ELU = new Formula(
            "elu", Rule.FLOAT, a -> select(gt0(a.x(0)), a.x(0), mul(a.p(0), unary(UnaryFn.EXPM1, a.x(0)))));
    static final Formula SELU = new Formula("selu", Rule.FLOAT, a -> {
        double alpha = 1.6732632423543772848170429916717;
        double scale = 1.0507009873554804934193349852946;
        Expr negative = mul(unary(UnaryFn.EXPM1, a.x(0)), alpha);
        return mul(select(gt0(a.x(0)), a.x(0), negative), scale);
    });
    static final Formula GELU = new Formula("gelu", Rule.FLOAT, a -> {
        Expr phi = mul(add(unary(UnaryFn.ERF, mul(a.x(0), Math.sqrt(0.5))), 1), 0.5);
        return mul(a.x(0), phi);
    });
    static final Formula GELU_TANH = new Formula("gelu_tanh", Rule.FLOAT, a -> {
        Expr x = a.x(0);
        Expr inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
        return mul(mul(x, 0.5), add(unary(UnaryFn.TANH, inner), 1));
    });
    static final Formula SIGMOID = new Formula("sigmoid", Rule.FLOAT, a -> unary(UnaryFn.SIGMOID, a.x(0)));
    static final Formula SILU =
            new Formula("silu", Rule.FLOAT, a -> mul(a.x(0), unary(UnaryFn.SIGMOID, a.x(0))));
    static final Formula MISH = new Formula(
            "mish", Rule.FLOAT, a -> mul(a.x(0), unary(UnaryFn.TANH, unary(UnaryFn.SOFTPLUS, a.x(0)))));
    static final Formula LOG_SIGMOID =
            new Formula("log_sigmoid", Rule.FLOAT, a -> neg(unary(UnaryFn.SOFTPLUS, neg(a.x(0)))));
    static final Formula SOFTPLUS = new Formula("softplus", Rule.FLOAT, a -> unary(UnaryFn.SOFTPLUS, a.x(0)));
    static final Formula SOFTSIGN =
            new Formula("softsign", Rule.FLOAT, a -> div(a.x(0), add(unary(UnaryFn.ABS, a.x(0)), 1)));
    static final Formula HARDSIGMOID =
            new Formula("hardsigmoid", Rule.FLOAT, a -> div(clip(add(a.x(0), 3), 0, 6), a.c(6)));
    static final Formula HARDSWISH =
            new Formula("hardswish", Rule.FLOAT, a -> div(mul(a.x(0), clip(add(a.x(0), 3), 0, 6)), a.c(6)));

    private ActivationFormulas() {}

    private static Expr gt0(Expr x) {
        return binary(BinaryFn.GT, x, like(x, 0));
    }

    private static Expr le0(Expr x) {
        return binary(BinaryFn.LE, x, like(x, 0));
    }

    /// x within [low, high] with a derivative of 0 at both ends; NaN stays NaN.
    private static Expr clip(Expr x, double low, double high) {
        Expr top = select(binary(BinaryFn.GE, x, like(x, high)), like(x, high), x);
        return select(binary(BinaryFn.LE, x, like(x, low)), like(x, low), top);
    }
}
