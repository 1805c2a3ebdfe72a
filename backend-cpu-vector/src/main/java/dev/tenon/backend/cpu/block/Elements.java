package dev.tenon.backend.cpu.block;

import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.backend.cpu.math.ScalarMath;

/// The scalar functions of expressions for one element: in double precision for both floating kinds, in 64-bit integers
/// for both integral ones (results are then rounded or wrapped). A double has more than twice the precision of a
/// float, so
/// that rounding sums, products, quotients and roots twice gives what rounding once does.
final class Elements {
    private Elements() {}

    /// A function of a floating-point number; those with block kernels of the math package are left out.
    static double apply(UnaryFn fn, double x) {
        return switch (fn) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Math.signum(x);
            case FLOOR -> Math.floor(x);
            case CEIL -> Math.ceil(x);
            case ROUND -> Math.rint(x);
            case TRUNC -> x < 0 ? Math.ceil(x) : Math.floor(x);
            case RECIPROCAL -> 1 / x;
            case LOG10 -> StrictMath.log10(x);
            case TRIGAMMA -> trigamma(x);
            default -> dev.tenon.backend.cpu.math.UnaryFn.valueOf(fn.name()).apply(x);
        };
    }

    /// The second derivative of log gamma: shifted up by the recurrence, then the asymptotic series (Abramowitz and
    /// Stegun 6.4.6 and 6.4.12); reflected (6.4.7) below one half.
    private static double trigamma(double x) {
        if (Double.isNaN(x)) {
            return x;
        }
        if (x < 0.5) {
            double s = StrictMath.sin(Math.PI * (x - 2 * Math.floor(x / 2)));
            return Math.PI * Math.PI / (s * s) - trigamma(1 - x);
        }
        if (x == Double.POSITIVE_INFINITY) {
            return 0;
        }
        double sum = 0;
        double z = x;
        for (; z < 15; z++) {
            sum += 1 / (z * z);
        }
        double i = 1 / (z * z);
        double series = i * (1.0 / 6 - i * (1.0 / 30 - i * (1.0 / 42 - i * (1.0 / 30 - i * 5 / 66)))) / z;
        return sum + 1 / z + i / 2 + series;
    }

    /// A function of an integer.
    static long apply(UnaryFn fn, long x) {
        return switch (fn) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Long.signum(x);
            case NOT -> x ^ 1;
            case BIT_NOT -> ~x;
            default -> throw new IllegalArgumentException(fn + " of an integer");
        };
    }

    /// A function of two floating-point numbers that gives a number.
    static double apply(BinaryFn fn, double a, double b) {
        return switch (fn) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case FLOOR_DIV -> floorDivide(a, b);
            case MOD -> {
                double r = a % b;
                yield r != 0 && r < 0 != b < 0 ? r + b : r;
            }
            case REM -> a % b;
            case POW -> ScalarMath.pow(a, b);
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case ATAN2 -> StrictMath.atan2(a, b);
            case COPYSIGN -> copySign(a, b);
            default -> throw new IllegalArgumentException(fn + " of floating-point numbers");
        };
    }

    /// By the sign bit, that of a NaN as well.
    static double copySign(double a, double b) {
        long sign = Double.doubleToRawLongBits(b) & Long.MIN_VALUE;
        return Double.longBitsToDouble(Double.doubleToRawLongBits(a) & Long.MAX_VALUE | sign);
    }

    /// From the exact remainder, as Python and PyTorch do, so that 6 // 0.1 is 59.
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

    /// Whether a comparison of floating-point numbers holds.
    static boolean holds(BinaryFn fn, double a, double b) {
        return switch (fn) {
            case EQ -> a == b;
            case NE -> a != b;
            case LT -> a < b;
            case LE -> a <= b;
            case GT -> a > b;
            case GE -> a >= b;
            default -> throw new IllegalArgumentException(fn + " is no comparison");
        };
    }

    /// Whether a comparison of integers holds.
    static boolean holds(BinaryFn fn, long a, long b) {
        return switch (fn) {
            case EQ -> a == b;
            case NE -> a != b;
            case LT -> a < b;
            case LE -> a <= b;
            case GT -> a > b;
            case GE -> a >= b;
            default -> throw new IllegalArgumentException(fn + " is no comparison");
        };
    }

    /// A function of two integers of the given number of bits that gives an integer.
    static long apply(BinaryFn fn, long a, long b, int bits) {
        return switch (fn) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> b == 0 ? 0 : a / b;
            case FLOOR_DIV -> b == 0 ? 0 : Math.floorDiv(a, b);
            case MOD -> b == 0 ? 0 : Math.floorMod(a, b);
            case REM -> b == 0 ? 0 : a % b;
            case POW -> power(a, b);
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case SHL -> b < 0 || b >= bits ? 0 : a << b;
            // Shifts by all bits or more leave only the sign.
            case SHR -> a >> (b < 0 || b >= bits ? bits - 1 : b);
            default -> throw new IllegalArgumentException(fn + " of integers");
        };
    }

    private static long power(long a, long b) {
        if (b < 0) {
            return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
        }
        long r = 1;
        long base = a;
        for (long e = b; e > 0; e >>= 1) {
            if ((e & 1) != 0) {
                r *= base;
            }
            base *= base;
        }
        return r;
    }

    /// Rounds to bfloat16, to nearest even; NaN stays NaN.
    static short toBFloat16(float x) {
        int bits = Float.floatToRawIntBits(x);
        boolean nan = (bits & 0x7fffffff) > 0x7f800000;
        return (short) (nan ? bits >> 16 | 0x40 : bits + 0x7fff + (bits >> 16 & 1) >> 16);
    }
}
