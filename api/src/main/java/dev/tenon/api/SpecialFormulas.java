package dev.tenon.api;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.binary;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.like;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.neg;
import static dev.tenon.api.op.Exprs.rsub;
import static dev.tenon.api.op.Exprs.select;
import static dev.tenon.api.op.Exprs.square;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.Formula.Rule;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;

/// The formulas behind [SpecialOps].
final class SpecialFormulas {
    static final Formula EXP2 = new Formula("exp2", Rule.FLOAT, a -> binary(BinaryFn.POW, a.c(2), a.x(0)));
    static final Formula LOGADDEXP = new Formula("logaddexp", Rule.FLOAT, a -> {
        Expr small = unary(UnaryFn.LOG1P, unary(UnaryFn.EXP, neg(distance(a))));
        return logAdd(a, small);
    });
    static final Formula LOGADDEXP2 = new Formula("logaddexp2", Rule.FLOAT, a -> {
        Expr power = binary(BinaryFn.POW, a.c(2), neg(distance(a)));
        return logAdd(a, mul(unary(UnaryFn.LOG1P, power), 1 / Math.log(2)));
    });
    static final Formula XLOGY = new Formula("xlogy", Rule.FLOAT, a -> xTimes(a, unary(UnaryFn.LOG, a.x(1))));
    static final Formula XLOG1PY = new Formula("xlog1py", Rule.FLOAT, a -> xTimes(a, unary(UnaryFn.LOG1P, a.x(1))));
    static final Formula SINC = new Formula("sinc", Rule.FLOAT, a -> {
        Expr angle = mul(a.x(0), Math.PI);
        return select(binary(BinaryFn.EQ, a.x(0), a.c(0)), a.c(1), div(unary(UnaryFn.SIN, angle), angle));
    });
    static final Formula LOGIT =
            new Formula("logit", Rule.FLOAT, a -> unary(UnaryFn.LOG, div(a.x(0), rsub(1, a.x(0)))));
    static final Formula ENTR = new Formula("entr", Rule.FLOAT, a -> {
        Expr x = a.x(0);
        Expr positive = neg(mul(x, unary(UnaryFn.LOG, x)));
        Expr negative = select(binary(BinaryFn.EQ, x, a.c(0)), a.c(0), a.c(Double.NEGATIVE_INFINITY));
        Expr defined = select(binary(BinaryFn.GT, x, a.c(0)), positive, negative);
        return select(unary(UnaryFn.IS_NAN, x), x, defined);
    });
    static final Formula NDTR =
            new Formula("ndtr", Rule.FLOAT, a -> mul(unary(UnaryFn.ERFC, mul(a.x(0), -Math.sqrt(0.5))), 0.5));
    static final Formula NDTRI = new Formula("ndtri", Rule.FLOAT, a ->
            mul(unary(UnaryFn.ERFINV, add(mul(a.x(0), 2), -1)), Math.sqrt(2)));
    static final Formula LOG_NDTR = new Formula("log_ndtr", Rule.FLOAT, a -> {
        Expr t = mul(a.x(0), Math.sqrt(0.5));
        Expr left = sub(unary(UnaryFn.LOG, mul(erfcx(neg(t)), 0.5)), square(t));
        Expr right = unary(UnaryFn.LOG1P, mul(unary(UnaryFn.ERFC, t), -0.5));
        return select(binary(BinaryFn.LT, a.x(0), a.c(-1)), left, right);
    });
    static final Formula ERFCX = new Formula("erfcx", Rule.FLOAT, a -> erfcx(a.x(0)));

    static final Formula TRIGAMMA = new Formula("trigamma", Rule.FLOAT, a -> unary(UnaryFn.TRIGAMMA, a.x(0)));

    private SpecialFormulas() {}

    private static Expr distance(Formula.Args a) {
        return unary(UnaryFn.ABS, sub(a.x(0), a.x(1)));
    }

    /// The larger operand plus a correction; equal infinities stay.
    private static Expr logAdd(Formula.Args a, Expr correction) {
        Expr large = binary(BinaryFn.MAX, a.x(0), a.x(1));
        Expr infinite = binary(BinaryFn.EQ, unary(UnaryFn.ABS, a.x(0)), a.c(Double.POSITIVE_INFINITY));
        Expr same = binary(BinaryFn.EQ, a.x(0), a.x(1));
        return select(binary(BinaryFn.AND, infinite, same), a.x(0), add(large, correction));
    }

    /// x times a function of the other operand; zero where x is zero, unless the other operand is NaN.
    private static Expr xTimes(Formula.Args a, Expr f) {
        Expr product = select(binary(BinaryFn.EQ, a.x(0), a.c(0)), a.c(0), mul(a.x(0), f));
        return select(unary(UnaryFn.IS_NAN, a.x(1)), a.x(1), product);
    }

    /// e^(x²) erfc(x): directly up to 8, from there on by the asymptotic series (Abramowitz and Stegun, 7.1.23), whose
    /// ninth term is below 1e-11 of the first.
    private static Expr erfcx(Expr x) {
        Expr direct = mul(unary(UnaryFn.EXP, square(x)), unary(UnaryFn.ERFC, x));
        Expr half = div(like(x, 0.5), square(x));
        Expr series = like(x, 1);
        for (int k = 9; k >= 1; k--) {
            series = rsub(1, mul(mul(half, 2 * k - 1), series));
        }
        Expr far = mul(div(series, x), 1 / Math.sqrt(Math.PI));
        return select(binary(BinaryFn.LT, x, like(x, 8)), direct, far);
    }
}
