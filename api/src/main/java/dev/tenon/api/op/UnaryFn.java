package dev.tenon.api.op;

import dev.tenon.api.DType.Kind;

/// The scalar functions of one argument that an expression may hold. Values follow C99's libm for NaN, infinities and
/// signed zero. Functions with a delicate derivative or range have a node of their own.
public enum UnaryFn {
    /// Arithmetic negation; integers wrap.
    NEG,
    /// Absolute value.
    ABS,
    /// -1, 0 or 1; NaN stays NaN.
    SIGN,
    /// Largest integer not above.
    FLOOR,
    /// Smallest integer not below.
    CEIL,
    /// Nearest integer, ties to even.
    ROUND,
    /// Nearest integer towards zero.
    TRUNC,
    /// Square root.
    SQRT,
    /// 1 / sqrt(x).
    RSQRT,
    /// 1 / x.
    RECIPROCAL,
    /// e^x.
    EXP,
    /// e^x - 1 without cancellation near 0.
    EXPM1,
    /// Natural logarithm.
    LOG,
    /// Logarithm to base 2.
    LOG2,
    /// Logarithm to base 10.
    LOG10,
    /// log(1 + x) without cancellation near 0.
    LOG1P,
    /// Sine of radians.
    SIN,
    /// Cosine of radians.
    COS,
    /// Tangent of radians.
    TAN,
    /// Arc sine.
    ASIN,
    /// Arc cosine.
    ACOS,
    /// Arc tangent.
    ATAN,
    /// Hyperbolic sine.
    SINH,
    /// Hyperbolic cosine.
    COSH,
    /// Hyperbolic tangent.
    TANH,
    /// Inverse hyperbolic sine.
    ASINH,
    /// Inverse hyperbolic cosine.
    ACOSH,
    /// Inverse hyperbolic tangent.
    ATANH,
    /// The error function.
    ERF,
    /// 1 - erf(x) without cancellation for large x.
    ERFC,
    /// The inverse of the error function on (-1, 1).
    ERFINV,
    /// log |gamma(x)|.
    LGAMMA,
    /// The derivative of log gamma.
    DIGAMMA,
    /// The derivative of digamma.
    TRIGAMMA,
    /// The logistic function 1 / (1 + e^-x), without overflow.
    SIGMOID,
    /// log(1 + e^x), without overflow.
    SOFTPLUS,
    /// Logical negation of a truth value.
    NOT,
    /// Bitwise complement of an integer.
    BIT_NOT,
    /// Whether the value is NaN.
    IS_NAN;

    /// The kind of the result for an operand of the given kind.
    ///
    /// @throws IllegalArgumentException if the function does not take that kind
    public Kind result(Kind operand) {
        boolean ok = switch (this) {
            case NEG, ABS, SIGN -> operand != Kind.BOOL;
            case NOT -> operand == Kind.BOOL;
            case BIT_NOT -> operand.isIntegral();
            default -> operand.isFloating();
        };
        if (!ok) {
            throw new IllegalArgumentException(this + " does not take an operand of kind " + operand);
        }
        return this == IS_NAN ? Kind.BOOL : operand;
    }
}
