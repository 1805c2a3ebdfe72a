package dev.tenon.tck.math;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.UnaryFn;

/// The scalar functions of expressions, in double precision and in 64-bit integers.
public final class ScalarFunctions {
    private ScalarFunctions() {}

    /// The value of a function of a floating-point number.
    public static double apply(UnaryFn fn, double x, Kind kind) {
        return switch (fn) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Math.signum(x);
            case FLOOR -> Math.floor(x);
            case CEIL -> Math.ceil(x);
            case ROUND -> Math.rint(x);
            case TRUNC -> x < 0 ? Math.ceil(x) : Math.floor(x);
            case SQRT -> Math.sqrt(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case RECIPROCAL -> 1 / x;
            case EXP -> Math.exp(x);
            case EXPM1 -> Math.expm1(x);
            case LOG -> Math.log(x);
            case LOG2 -> log2(x);
            case LOG10 -> Math.log10(x);
            case LOG1P -> Math.log1p(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case TAN -> Math.tan(x);
            case ASIN -> Math.asin(x);
            case ACOS -> Math.acos(x);
            case ATAN -> Math.atan(x);
            case SINH -> Math.sinh(x);
            case COSH -> Math.cosh(x);
            case TANH -> Math.tanh(x);
            case ASINH -> asinh(x);
            case ACOSH -> acosh(x);
            case ATANH -> 0.5 * (Math.log1p(x) - Math.log1p(-x));
            case ERF -> SpecialFunctions.erf(x);
            case ERFC -> SpecialFunctions.erfc(x);
            case ERFINV -> SpecialFunctions.erfinv(x);
            case LGAMMA -> SpecialFunctions.lgamma(x);
            case DIGAMMA -> SpecialFunctions.digamma(x);
            case TRIGAMMA -> SpecialFunctions.trigamma(x);
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case SOFTPLUS -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
            case IS_NAN -> Double.isNaN(x) ? 1 : 0;
            case NOT, BIT_NOT -> throw new IllegalArgumentException(fn + " of kind " + kind);
        };
    }

    private static double log2(double x) {
        int exponent = Math.getExponent(x);
        boolean powerOfTwo = exponent >= Double.MIN_EXPONENT && exponent <= Double.MAX_EXPONENT
                && x == Math.scalb(1.0, exponent);
        return powerOfTwo ? exponent : Math.log(x) / Math.log(2);
    }

    private static double asinh(double x) {
        double a = Math.abs(x);
        double r = a > 1e8
                ? Math.log(a) + Math.log(2)
                : Math.log1p(a + a * a / (1 + Math.sqrt(a * a + 1)));
        return Math.copySign(r, x);
    }

    private static double acosh(double x) {
        double t = x - 1;
        if (t < 0) {
            return Double.NaN;
        }
        return x > 1e8 ? Math.log(x) + Math.log(2) : Math.log1p(t + Math.sqrt(2 * t + t * t));
    }

    /// The value of a function of an integer or truth value.
    public static long apply(UnaryFn fn, long x, Kind kind) {
        return switch (fn) {
            case NEG -> wrap(-x, kind);
            case ABS -> wrap(Math.abs(x), kind);
            case SIGN -> Long.signum(x);
            case NOT -> 1 - x;
            case BIT_NOT -> ~x;
            default -> throw new IllegalArgumentException(fn + " of kind " + kind);
        };
    }

    /// The value of a function of two floating-point numbers; comparisons give 0 or 1.
    public static double apply(BinaryFn fn, double a, double b, Kind kind) {
        return switch (fn) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case FLOOR_DIV -> floorDivide(a, b);
            case MOD -> modulo(a, b);
            case REM -> a % b;
            case POW -> power(a, b);
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case ATAN2 -> Math.atan2(a, b);
            case COPYSIGN -> Math.copySign(a, b);
            case NEXTAFTER -> kind == Kind.F32 ? Math.nextAfter((float) a, b) : Math.nextAfter(a, b);
            case EQ -> a == b ? 1 : 0;
            case NE -> a != b ? 1 : 0;
            case LT -> a < b ? 1 : 0;
            case LE -> a <= b ? 1 : 0;
            case GT -> a > b ? 1 : 0;
            case GE -> a >= b ? 1 : 0;
            case AND, OR, XOR, SHL, SHR -> throw new IllegalArgumentException(fn + " of kind " + kind);
        };
    }

    /// C's pow, which differs from Java's where the result does not depend on a NaN or infinity.
    private static double power(double a, double b) {
        boolean one = a == 1 || a == -1 && Double.isInfinite(b);
        return one ? 1 : Math.pow(a, b);
    }

    private static double modulo(double a, double b) {
        double r = a % b;
        return r != 0 && r < 0 != b < 0 ? r + b : r;
    }

    /// As Python and PyTorch: from the exact remainder, so that 6 // 0.1 is 59.
    private static double floorDivide(double a, double b) {
        if (b == 0) {
            return a / b;
        }
        double r = a % b;
        double q = (a - r) / b;
        if (r != 0 && b < 0 != r < 0) {
            q -= 1;
        }
        if (q == 0) {
            return Math.copySign(0.0, a / b);
        }
        double f = Math.floor(q);
        return q - f > 0.5 ? f + 1 : f;
    }

    /// The value of a function of two integers or truth values.
    public static long apply(BinaryFn fn, long a, long b, Kind kind) {
        return switch (fn) {
            case ADD -> wrap(a + b, kind);
            case SUB -> wrap(a - b, kind);
            case MUL -> wrap(a * b, kind);
            case DIV -> b == 0 ? 0 : wrap(a / b, kind);
            case FLOOR_DIV -> b == 0 ? 0 : wrap(Math.floorDiv(a, b), kind);
            case MOD -> b == 0 ? 0 : Math.floorMod(a, b);
            case REM -> b == 0 ? 0 : a % b;
            case POW -> wrap(power(a, b), kind);
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case EQ -> a == b ? 1 : 0;
            case NE -> a != b ? 1 : 0;
            case LT -> a < b ? 1 : 0;
            case LE -> a <= b ? 1 : 0;
            case GT -> a > b ? 1 : 0;
            case GE -> a >= b ? 1 : 0;
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case SHL -> shift(a, b, kind, true);
            case SHR -> shift(a, b, kind, false);
            case ATAN2, COPYSIGN, NEXTAFTER -> throw new IllegalArgumentException(fn + " of kind " + kind);
        };
    }

    /// Shifts by as many bits as there are, or more, leave only the sign.
    private static long shift(long a, long b, Kind kind, boolean left) {
        long bits = kind == Kind.I64 ? 64 : 32;
        if (b < 0 || b >= bits) {
            return left || a >= 0 ? 0 : -1;
        }
        return left ? wrap(a << b, kind) : a >> b;
    }

    private static long power(long a, long b) {
        if (b < 0) {
            return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
        }
        long r = 1;
        for (long base = a, e = b; e > 0; e >>= 1, base *= base) {
            r *= (e & 1) != 0 ? base : 1;
        }
        return r;
    }

    private static long wrap(long v, Kind kind) {
        return kind == Kind.I32 ? (int) v : v;
    }
}
