package dev.tenon.api;

import dev.tenon.api.Formula.Rule;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.UnaryFn;

/// The formulas behind [ElementwiseOps].
final class ElementwiseFormulas {
    static final Formula ADD = new Formula("add", Rule.NUMERIC, a -> Exprs.binary(BinaryFn.ADD, a.x(0), a.x(1)));
    static final Formula SUB = new Formula("sub", Rule.NUMBERS_ONLY, a -> Exprs.binary(BinaryFn.SUB, a.x(0), a.x(1)));
    static final Formula MUL = new Formula("mul", Rule.NUMERIC, a -> Exprs.binary(BinaryFn.MUL, a.x(0), a.x(1)));
    static final Formula DIV = new Formula("div", Rule.FLOAT, a -> Exprs.binary(BinaryFn.DIV, a.x(0), a.x(1)));
    static final Formula FLOOR_DIVIDE = new Formula("floor_divide", Rule.NUMBERS_ONLY, a ->
            Exprs.binary(BinaryFn.FLOOR_DIV, a.x(0), a.x(1)));
    static final Formula REMAINDER = new Formula("remainder", Rule.NUMBERS_ONLY, a ->
            Exprs.binary(BinaryFn.MOD, a.x(0), a.x(1)));
    static final Formula FMOD = new Formula("fmod", Rule.NUMBERS_ONLY, a -> Exprs.binary(BinaryFn.REM, a.x(0), a.x(1)));
    static final Formula TRUNC_DIVIDE = new Formula("trunc_divide", Rule.NUMBERS_ONLY, a -> a.dtype().isFloating()
            ? Exprs.unary(UnaryFn.TRUNC, Exprs.div(a.x(0), a.x(1)))
            : Exprs.div(a.x(0), a.x(1)));
    static final Formula MAXIMUM = new Formula("maximum", Rule.NUMERIC, a ->
            Exprs.binary(BinaryFn.MAX, a.x(0), a.x(1)));
    static final Formula MINIMUM = new Formula("minimum", Rule.NUMERIC, a ->
            Exprs.binary(BinaryFn.MIN, a.x(0), a.x(1)));
    static final Formula ATAN2 = new Formula("atan2", Rule.FLOAT, a -> Exprs.binary(BinaryFn.ATAN2, a.x(0), a.x(1)));
    static final Formula COPYSIGN = new Formula("copysign", Rule.FLOAT, a ->
            Exprs.binary(BinaryFn.COPYSIGN, a.x(0), a.x(1)));
    static final Formula HYPOT = new Formula("hypot", Rule.FLOAT, ElementwiseFormulas::hypot);
    static final Formula EQ = new Formula("eq", Rule.COMPARE, a -> Exprs.binary(BinaryFn.EQ, a.x(0), a.x(1)));
    static final Formula NE = new Formula("ne", Rule.COMPARE, a -> Exprs.binary(BinaryFn.NE, a.x(0), a.x(1)));
    static final Formula LT = new Formula("lt", Rule.COMPARE, a -> Exprs.binary(BinaryFn.LT, a.x(0), a.x(1)));
    static final Formula LE = new Formula("le", Rule.COMPARE, a -> Exprs.binary(BinaryFn.LE, a.x(0), a.x(1)));
    static final Formula GT = new Formula("gt", Rule.COMPARE, a -> Exprs.binary(BinaryFn.GT, a.x(0), a.x(1)));
    static final Formula GE = new Formula("ge", Rule.COMPARE, a -> Exprs.binary(BinaryFn.GE, a.x(0), a.x(1)));
    static final Formula LOGICAL_AND = new Formula("logical_and", Rule.LOGICAL, a ->
            Exprs.binary(BinaryFn.AND, a.x(0), a.x(1)));
    static final Formula LOGICAL_OR = new Formula("logical_or", Rule.LOGICAL, a ->
            Exprs.binary(BinaryFn.OR, a.x(0), a.x(1)));
    static final Formula LOGICAL_XOR = new Formula("logical_xor", Rule.LOGICAL, a ->
            Exprs.binary(BinaryFn.XOR, a.x(0), a.x(1)));
    static final Formula LOGICAL_NOT = new Formula("logical_not", Rule.LOGICAL, a -> Exprs.unary(UnaryFn.NOT, a.x(0)));
    static final Formula BITWISE_AND = new Formula("bitwise_and", Rule.BITS, a ->
            Exprs.binary(BinaryFn.AND, a.x(0), a.x(1)));
    static final Formula BITWISE_OR = new Formula("bitwise_or", Rule.BITS, a ->
            Exprs.binary(BinaryFn.OR, a.x(0), a.x(1)));
    static final Formula BITWISE_XOR = new Formula("bitwise_xor", Rule.BITS, a ->
            Exprs.binary(BinaryFn.XOR, a.x(0), a.x(1)));
    static final Formula BITWISE_NOT = new Formula("bitwise_not", Rule.BITS, a ->
            Exprs.unary(a.dtype() == DType.BOOL ? UnaryFn.NOT : UnaryFn.BIT_NOT, a.x(0)));
    static final Formula NEG = new Formula("neg", Rule.NUMBERS_ONLY, a -> Exprs.unary(UnaryFn.NEG, a.x(0)));
    static final Formula ABS = new Formula("abs", Rule.NUMBERS_ONLY, a -> Exprs.unary(UnaryFn.ABS, a.x(0)));
    static final Formula SIGN = new Formula("sign", Rule.NUMERIC, a -> a.x(0).kind() == DType.Kind.I32
            && a.dtype() == DType.BOOL ? a.x(0) : Exprs.unary(UnaryFn.SIGN, a.x(0)));
    static final Formula SQRT = new Formula("sqrt", Rule.FLOAT, a -> Exprs.unary(UnaryFn.SQRT, a.x(0)));
    static final Formula RSQRT = new Formula("rsqrt", Rule.FLOAT, a -> Exprs.unary(UnaryFn.RSQRT, a.x(0)));
    static final Formula RECIPROCAL = new Formula("reciprocal", Rule.FLOAT, a ->
            Exprs.unary(UnaryFn.RECIPROCAL, a.x(0)));
    static final Formula EXP = new Formula("exp", Rule.FLOAT, a -> Exprs.unary(UnaryFn.EXP, a.x(0)));
    static final Formula EXPM1 = new Formula("expm1", Rule.FLOAT, a -> Exprs.unary(UnaryFn.EXPM1, a.x(0)));
    static final Formula LOG = new Formula("log", Rule.FLOAT, a -> Exprs.unary(UnaryFn.LOG, a.x(0)));
    static final Formula LOG2 = new Formula("log2", Rule.FLOAT, a -> Exprs.unary(UnaryFn.LOG2, a.x(0)));
    static final Formula LOG10 = new Formula("log10", Rule.FLOAT, a -> Exprs.unary(UnaryFn.LOG10, a.x(0)));
    static final Formula LOG1P = new Formula("log1p", Rule.FLOAT, a -> Exprs.unary(UnaryFn.LOG1P, a.x(0)));
    static final Formula SIN = new Formula("sin", Rule.FLOAT, a -> Exprs.unary(UnaryFn.SIN, a.x(0)));
    static final Formula COS = new Formula("cos", Rule.FLOAT, a -> Exprs.unary(UnaryFn.COS, a.x(0)));
    static final Formula TAN = new Formula("tan", Rule.FLOAT, a -> Exprs.unary(UnaryFn.TAN, a.x(0)));
    static final Formula ASIN = new Formula("asin", Rule.FLOAT, a -> Exprs.unary(UnaryFn.ASIN, a.x(0)));
    static final Formula ACOS = new Formula("acos", Rule.FLOAT, a -> Exprs.unary(UnaryFn.ACOS, a.x(0)));
    static final Formula ATAN = new Formula("atan", Rule.FLOAT, a -> Exprs.unary(UnaryFn.ATAN, a.x(0)));
    static final Formula SINH = new Formula("sinh", Rule.FLOAT, a -> Exprs.unary(UnaryFn.SINH, a.x(0)));
    static final Formula COSH = new Formula("cosh", Rule.FLOAT, a -> Exprs.unary(UnaryFn.COSH, a.x(0)));
    static final Formula TANH = new Formula("tanh", Rule.FLOAT, a -> Exprs.unary(UnaryFn.TANH, a.x(0)));
    static final Formula ASINH = new Formula("asinh", Rule.FLOAT, a -> Exprs.unary(UnaryFn.ASINH, a.x(0)));
    static final Formula ACOSH = new Formula("acosh", Rule.FLOAT, a -> Exprs.unary(UnaryFn.ACOSH, a.x(0)));
    static final Formula ATANH = new Formula("atanh", Rule.FLOAT, a -> Exprs.unary(UnaryFn.ATANH, a.x(0)));
    static final Formula ERF = new Formula("erf", Rule.FLOAT, a -> Exprs.unary(UnaryFn.ERF, a.x(0)));
    static final Formula ERFC = new Formula("erfc", Rule.FLOAT, a -> Exprs.unary(UnaryFn.ERFC, a.x(0)));
    static final Formula ERFINV = new Formula("erfinv", Rule.FLOAT, a -> Exprs.unary(UnaryFn.ERFINV, a.x(0)));
    static final Formula LGAMMA = new Formula("lgamma", Rule.FLOAT, a -> Exprs.unary(UnaryFn.LGAMMA, a.x(0)));
    static final Formula DIGAMMA = new Formula("digamma", Rule.FLOAT, a -> Exprs.unary(UnaryFn.DIGAMMA, a.x(0)));
    static final Formula FLOOR = new Formula("floor", Rule.NUMBERS_ONLY, a -> wholeNumber(UnaryFn.FLOOR, a));
    static final Formula CEIL = new Formula("ceil", Rule.NUMBERS_ONLY, a -> wholeNumber(UnaryFn.CEIL, a));
    static final Formula ROUND = new Formula("round", Rule.NUMBERS_ONLY, a -> wholeNumber(UnaryFn.ROUND, a));
    static final Formula TRUNC = new Formula("trunc", Rule.NUMBERS_ONLY, a -> wholeNumber(UnaryFn.TRUNC, a));
    static final Formula SQUARE = new Formula("square", Rule.NUMERIC, a -> Exprs.square(a.x(0)));
    static final Formula IS_NAN = new Formula("isnan", Rule.FLOAT_TEST, a -> Exprs.unary(UnaryFn.IS_NAN, a.x(0)));
    static final Formula IS_INF = new Formula("is_inf", Rule.FLOAT_TEST, a ->
            Exprs.binary(BinaryFn.EQ, Exprs.unary(UnaryFn.ABS, a.x(0)), a.c(Double.POSITIVE_INFINITY)));
    static final Formula IS_FINITE = new Formula("is_finite", Rule.FLOAT_TEST, a ->
            Exprs.binary(BinaryFn.LT, Exprs.unary(UnaryFn.ABS, a.x(0)), a.c(Double.POSITIVE_INFINITY)));
    static final Formula POW = new Formula("pow", Rule.NUMBERS_ONLY, a -> Exprs.binary(BinaryFn.POW, a.x(0), a.x(1)));
    static final Formula CLAMP = new Formula("clamp", Rule.NUMBERS_ONLY, a ->
            Exprs.binary(BinaryFn.MIN, Exprs.binary(BinaryFn.MAX, a.x(0), a.p(0)), a.p(1)));
    static final Formula CLAMP_MIN = new Formula("clamp_min", Rule.NUMBERS_ONLY, a ->
            Exprs.binary(BinaryFn.MAX, a.x(0), a.x(1)));
    static final Formula CLAMP_MAX = new Formula("clamp_max", Rule.NUMBERS_ONLY, a ->
            Exprs.binary(BinaryFn.MIN, a.x(0), a.x(1)));
    static final Formula RSUB = new Formula("rsub", Rule.NUMBERS_ONLY, a -> Exprs.binary(BinaryFn.SUB, a.x(0), a.x(1)));
    static final Formula WHERE = new Formula("where", Rule.CHOICE, a -> Exprs.select(a.x(0), a.x(1), a.x(2)));
    static final Formula LERP = new Formula("lerp", Rule.FLOAT, a ->
            Exprs.add(a.x(0), Exprs.mul(a.x(2), Exprs.sub(a.x(1), a.x(0)))));

    private ElementwiseFormulas() {}

    /// Rounding leaves integers as they are.
    private static Expr wholeNumber(UnaryFn fn, Formula.Args a) {
        return a.dtype().isFloating() ? Exprs.unary(fn, a.x(0)) : a.x(0);
    }

    private static Expr hypot(Formula.Args a) {
        Expr x = Exprs.unary(UnaryFn.ABS, a.x(0));
        Expr y = Exprs.unary(UnaryFn.ABS, a.x(1));
        Expr large = Exprs.binary(BinaryFn.MAX, x, y);
        Expr ratio = Exprs.div(Exprs.binary(BinaryFn.MIN, x, y), large);
        Expr finite = Exprs.mul(large, Exprs.unary(UnaryFn.SQRT, Exprs.add(Exprs.square(ratio), 1)));
        Expr infinity = a.c(Double.POSITIVE_INFINITY);
        // An infinite side makes an infinite result, whatever the other one is, as in C99.
        return Exprs.select(Exprs.binary(BinaryFn.EQ, x, infinity), x,
                Exprs.select(Exprs.binary(BinaryFn.EQ, y, infinity), y,
                        Exprs.select(Exprs.binary(BinaryFn.EQ, large, a.c(0)), large, finite)));
    }
}
