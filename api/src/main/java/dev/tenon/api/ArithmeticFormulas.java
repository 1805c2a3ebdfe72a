package dev.tenon.api;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.binary;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.select;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.Formula.Rule;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;

/// The formulas behind [ArithmeticOps].
final class ArithmeticFormulas {
    static final Formula ADD_SCALED = new Formula("add", Rule.NUMERIC, a -> add(a.x(0), mul(a.x(1), a.p(0))));
    static final Formula SUB_SCALED = new Formula("sub", Rule.NUMBERS_ONLY, a -> sub(a.x(0), mul(a.x(1), a.p(0))));
    static final Formula ADDCMUL =
            new Formula("addcmul", Rule.NUMERIC, a -> add(a.x(0), mul(mul(a.p(0), a.x(1)), a.x(2))));
    static final Formula ADDCDIV =
            new Formula("addcdiv", Rule.FLOAT, a -> add(a.x(0), mul(a.p(0), div(a.x(1), a.x(2)))));
    // Both branches of lerp are exact at their end of the interval.
    static final Formula LERP = new Formula("lerp", Rule.FLOAT, a -> {
        Expr way = sub(a.x(1), a.x(0));
        Expr fromStart = add(a.x(0), mul(a.p(0), way));
        Expr fromEnd = sub(a.x(1), mul(way, sub(a.c(1), a.p(0))));
        return select(binary(BinaryFn.LT, unary(UnaryFn.ABS, a.p(0)), a.c(0.5)), fromStart, fromEnd);
    });
    static final Formula FMAX = new Formula("fmax", Rule.NUMERIC, a -> ignoringNaN(a, BinaryFn.GE));
    static final Formula FMIN = new Formula("fmin", Rule.NUMERIC, a -> ignoringNaN(a, BinaryFn.LE));
    static final Formula FRAC =
            new Formula("frac", Rule.NUMBERS_ONLY, a -> sub(a.x(0), unary(UnaryFn.TRUNC, a.x(0))));
    static final Formula DEG2RAD = new Formula("deg2rad", Rule.FLOAT, a -> mul(a.x(0), Math.PI / 180));
    static final Formula RAD2DEG = new Formula("rad2deg", Rule.FLOAT, a -> mul(a.x(0), 180 / Math.PI));
    static final Formula ROUND_UP_SCALED =
            new Formula("round", Rule.NUMBERS_ONLY, a -> div(unary(UnaryFn.ROUND, mul(a.x(0), a.p(0))), a.p(0)));
    static final Formula ROUND_DOWN_SCALED =
            new Formula("round", Rule.NUMBERS_ONLY, a -> mul(unary(UnaryFn.ROUND, div(a.x(0), a.p(0))), a.p(0)));
    static final Formula NAN_TO_NUM = new Formula("nan_to_num", Rule.NUMBERS_ONLY, a -> {
        Expr x = a.x(0);
        Expr low = select(binary(BinaryFn.EQ, x, a.c(Double.NEGATIVE_INFINITY)), a.p(2), x);
        Expr high = select(binary(BinaryFn.EQ, x, a.c(Double.POSITIVE_INFINITY)), a.p(1), low);
        return select(unary(UnaryFn.IS_NAN, x), a.p(0), high);
    });
    static final Formula HEAVISIDE = new Formula("heaviside", Rule.NUMBERS_ONLY, a -> {
        Expr positive = select(binary(BinaryFn.GT, a.x(0), a.c(0)), a.c(1), a.c(0));
        return select(binary(BinaryFn.EQ, a.x(0), a.c(0)), a.x(1), positive);
    });
    static final Formula SHIFT_LEFT =
            new Formula("bitwise_left_shift", Rule.BITS, a -> binary(BinaryFn.SHL, a.x(0), a.x(1)));
    static final Formula SHIFT_RIGHT =
            new Formula("bitwise_right_shift", Rule.BITS, a -> binary(BinaryFn.SHR, a.x(0), a.x(1)));
    static final Formula NEXTAFTER =
            new Formula("nextafter", Rule.FLOAT, a -> binary(BinaryFn.NEXTAFTER, a.x(0), a.x(1)));
    static final Formula IS_CLOSE = new Formula("isclose", Rule.FLOAT_TEST, a -> {
        Expr distance = unary(UnaryFn.ABS, sub(a.x(0), a.x(1)));
        Expr allowed = add(a.p(1), unary(UnaryFn.ABS, mul(a.p(0), a.x(1))));
        Expr finite = binary(BinaryFn.LT, distance, a.c(Double.POSITIVE_INFINITY));
        return binary(BinaryFn.AND, binary(BinaryFn.LE, distance, allowed), finite);
    });
    static final Formula CLAMP_TENSORS = new Formula("clamp", Rule.NUMERIC, a ->
            binary(BinaryFn.MIN, binary(BinaryFn.MAX, a.x(0), a.x(1)), a.x(2)));
    static final Formula IS_POSINF = new Formula("isposinf", Rule.FLOAT_TEST, a ->
            binary(BinaryFn.EQ, a.x(0), a.c(Double.POSITIVE_INFINITY)));
    static final Formula IS_NEGINF = new Formula("isneginf", Rule.FLOAT_TEST, a ->
            binary(BinaryFn.EQ, a.x(0), a.c(Double.NEGATIVE_INFINITY)));
    static final Formula LDEXP = new Formula("ldexp", Rule.FLOAT, a ->
            mul(a.x(0), binary(BinaryFn.POW, a.c(2), a.x(1))));

    private ArithmeticFormulas() {}

    /// The operand that wins the comparison; the other one's NaN does not count. Of equals, the first.
    private static Expr ignoringNaN(Formula.Args a, BinaryFn wins) {
        Expr first = binary(wins, a.x(0), a.x(1));
        boolean floating = a.dtype().isFloating();
        Expr condition = floating ? binary(BinaryFn.OR, first, unary(UnaryFn.IS_NAN, a.x(1))) : first;
        return select(condition, a.x(0), a.x(1));
    }
}
