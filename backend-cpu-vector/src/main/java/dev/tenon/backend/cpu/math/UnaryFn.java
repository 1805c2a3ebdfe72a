package dev.tenon.backend.cpu.math;

/// The transcendental functions of one argument that have block kernels.
public enum UnaryFn {
    EXP,
    EXPM1,
    LOG,
    LOG1P,
    LOG2,
    SQRT,
    RSQRT,
    SIN,
    COS,
    TAN,
    ASIN,
    ACOS,
    ATAN,
    SINH,
    COSH,
    TANH,
    ASINH,
    ACOSH,
    ATANH,
    SIGMOID,
    SOFTPLUS,
    ERF,
    ERFC,
    ERFINV,
    LGAMMA,
    DIGAMMA;

    /// The function of one double, to within about 1-2 ulp: what the scalar kernels use.
    public double apply(double x) {
        return switch (this) {
            case EXP -> StrictMath.exp(x);
            case EXPM1 -> StrictMath.expm1(x);
            case LOG -> StrictMath.log(x);
            case LOG1P -> StrictMath.log1p(x);
            case LOG2 -> ScalarMath.log2(x);
            case SQRT -> Math.sqrt(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case SIN -> StrictMath.sin(x);
            case COS -> StrictMath.cos(x);
            case TAN -> StrictMath.tan(x);
            case ASIN -> StrictMath.asin(x);
            case ACOS -> StrictMath.acos(x);
            case ATAN -> StrictMath.atan(x);
            case SINH -> StrictMath.sinh(x);
            case COSH -> StrictMath.cosh(x);
            case TANH -> StrictMath.tanh(x);
            case ASINH -> ScalarMath.asinh(x);
            case ACOSH -> ScalarMath.acosh(x);
            case ATANH -> ScalarMath.atanh(x);
            case SIGMOID -> ScalarMath.sigmoid(x);
            case SOFTPLUS -> ScalarMath.softplus(x);
            case ERF -> ScalarMath.erf(x);
            case ERFC -> ScalarMath.erfc(x);
            case ERFINV -> ScalarMath.erfinv(x);
            case LGAMMA -> ScalarMath.lgamma(x);
            case DIGAMMA -> ScalarMath.digamma(x);
        };
    }
}
