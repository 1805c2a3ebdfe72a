package dev.tenon.backend.cpu.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Errors of the block functions in ulp over sweeps of all exponents, and their special values.
class VectorMathTest {

    private static final int N = 1 << 14;
    private static final long A = Arena.global().allocate(N * 8L + 64, 64).address();
    private static final long B = Arena.global().allocate(N * 8L + 64, 64).address();
    private static final float[] SPECIAL = {
        0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -Float.MIN_VALUE,
                1e-40f, -1e-40f,
        Float.MIN_NORMAL, Float.MAX_VALUE, -Float.MAX_VALUE, 1f, -1f, 2f, 0.5f, -0.5f, 88.72f, 88.73f, -87.3f,
                -103.9f, -104.1f, 1e10f
    };
    /// What each function may err by, in ulp of the result; the measured values are a little below.
    private static final Map<UnaryFn, Double> LIMIT = Map.of(UnaryFn.RSQRT, 1.6, UnaryFn.SIGMOID, 2.0,
            UnaryFn.SOFTPLUS, 2.0, UnaryFn.ERF, 1.5, UnaryFn.TANH, 1.5, UnaryFn.EXPM1, 2.0, UnaryFn.LOG1P, 1.5);

    static Stream<MathKernels> kernels() {
        return Stream.of(MathKernels.of(true), new ScalarMathKernels());
    }

    static double ulps(double expected, float got) {
        float e = (float) expected;
        if (Float.floatToIntBits(e) == Float.floatToIntBits(got)) {
            return Float.isFinite(e) ? Math.abs(expected - got) / Math.ulp(e) : 0;
        }
        if (e == 0 && got == 0 || Float.isNaN(e) || Float.isNaN(got)) {
            return 1e9;
        }
        double g = Float.isInfinite(got) ? Math.copySign(0x1p128, got) : got;
        return Math.abs(expected - g) / Math.ulp(Math.abs(e) == Float.POSITIVE_INFINITY ? Float.MAX_VALUE : e);
    }

    static boolean skip(UnaryFn fn, float x) {
        // lgamma of huge negative values is all poles; digamma has poles at the negative integers and zeros between
        // them
        return (fn == UnaryFn.LGAMMA || fn == UnaryFn.DIGAMMA) && x < 0;
    }

    @ParameterizedTest
    @EnumSource(UnaryFn.class)
    void f32Ulp(UnaryFn fn) {
        MathKernels k = MathKernels.of(true);
        double worst = 0;
        float at = 0;
        int step = 1 << 12 | 1;
        long bits = 0;
        while (bits < 1L << 32) {
            int n = 0;
            for (; n < N - 3 && bits < 1L << 32; bits += step) {
                Mem.putInt(A + 4L * n++, (int) bits);
            }
            k.f32(fn, A, B, n);
            for (int i = 0; i < n; i++) {
                float x = Mem.getFloat(A + 4L * i);
                if (!skip(fn, x)) {
                    double u = ulps(fn.apply(x), Mem.getFloat(B + 4L * i));
                    if (u > worst) {
                        worst = u;
                        at = x;
                    }
                }
            }
        }
        System.out.printf("%-9s f32 %.3f ulp at %s%n", fn, worst, at);
        assertTrue(worst < LIMIT.getOrDefault(fn, 1.0), fn + " errs by " + worst + " ulp at " + at);
    }

    @ParameterizedTest
    @EnumSource(UnaryFn.class)
    void f64(UnaryFn fn) {
        MathKernels k = MathKernels.of(true);
        double worst = 0;
        double at = 0;
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < N; i++) {
                double x = switch (round) {
                    case 0 -> (i - N / 2) * 0x1p-10;
                    case 1 -> Math.exp((i - N / 2) * 0.08);
                    case 2 -> -Math.exp((i - N / 2) * 0.08);
                    default -> (i - N / 2) * 2.0 / N;
                };
                Mem.putDouble(A + 8L * i, x);
            }
            k.f64(fn, A, B, N - 1);
            for (int i = 0; i < N - 1; i++) {
                double x = Mem.getDouble(A + 8L * i);
                double e = fn.apply(x);
                double g = Mem.getDouble(B + 8L * i);
                if (Double.doubleToLongBits(e) != Double.doubleToLongBits(g)) {
                    double u = Math.abs(e - g) / Math.ulp(e);
                    if (!(u <= worst)) {
                        worst = u;
                        at = x;
                    }
                }
            }
        }
        System.out.printf("%-9s f64 %.2f ulp from the scalar function, at %s%n", fn, worst, at);
        assertTrue(worst <= 3, fn + " errs by " + worst + " ulp at " + at);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void specialValues(MathKernels k) {
        for (UnaryFn fn : UnaryFn.values()) {
            for (int i = 0; i < SPECIAL.length; i++) {
                Mem.putFloat(A + 4L * i, SPECIAL[i]);
            }
            k.f32(fn, A, A, SPECIAL.length); // in place
            for (int i = 0; i < SPECIAL.length; i++) {
                double u = ulps(fn.apply(SPECIAL[i]), Mem.getFloat(A + 4L * i));
                assertTrue(u < 2, fn + "(" + SPECIAL[i] + ") = " + Mem.getFloat(A + 4L * i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void twoArguments(MathKernels k) {
        float[] xs = {
            0f, -0f, 1f, -1f, 2f, -2f, 0.5f, -3f, 1e30f, 1e-40f, Float.NaN, Float.POSITIVE_INFINITY,
                    Float.NEGATIVE_INFINITY, 3.7f
        };
        for (BinaryFn fn : BinaryFn.values()) {
            int n = 0;
            for (float x : xs) {
                for (float y : xs) {
                    Mem.putFloat(A + 4L * n, x);
                    Mem.putFloat(B + 4L * n++, y);
                }
            }
            k.f32(fn, A, B, B, n);
            for (int i = 0; i < n; i++) {
                float x = xs[i / xs.length];
                float y = xs[i % xs.length];
                double u = ulps(fn.apply(x, y), Mem.getFloat(B + 4L * i));
                assertTrue(u < 1.5, fn + "(" + x + ", " + y + ") = " + Mem.getFloat(B + 4L * i));
            }
        }
    }

    /// Powers and angles of doubles of all magnitudes, negative bases with whole exponents among them.
    @ParameterizedTest
    @EnumSource(BinaryFn.class)
    void twoDoubles(BinaryFn fn) {
        MathKernels k = MathKernels.of(true);
        Random r = new Random(1);
        double worst = 0;
        for (int round = 0; round < 8; round++) {
            double[] xs = new double[N - 1];
            double[] ys = new double[N - 1];
            for (int i = 0; i < N - 1; i++) {
                boolean whole = i % 5 == 0;
                xs[i] = Math.exp(r.nextGaussian() * (round + 0.1)) * (whole && i % 2 == 0 ? -1 : 1);
                ys[i] = whole ? r.nextInt(60) - 30 : r.nextGaussian() * Math.exp(round - 2);
                Mem.putDouble(A + 8L * i, xs[i]);
                Mem.putDouble(B + 8L * i, ys[i]);
            }
            k.f64(fn, A, B, B, N - 1);
            for (int i = 0; i < N - 1; i++) {
                double e = fn.apply(xs[i], ys[i]);
                double g = Mem.getDouble(B + 8L * i);
                if (Double.doubleToLongBits(e) != Double.doubleToLongBits(g)) {
                    double u = Math.abs(e - g) / Math.ulp(e);
                    assertTrue(u <= 2, fn + "(" + xs[i] + ", " + ys[i] + ") = " + g + ", expected " + e);
                    worst = Math.max(worst, u);
                }
            }
        }
        System.out.printf("%-9s f64 %.2f ulp from the scalar function%n", fn, worst);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void halfPrecision(MathKernels k) {
        for (int from = 0; from < 1 << 16; from += 1 << 13) {
            for (int i = 0; i < 1 << 13; i++) {
                Mem.putShort(A + 2L * i, (short) (from + i));
            }
            k.f16ToF32(A, B, 1 << 13);
            for (int i = 0; i < 1 << 13; i++) {
                assertEquals(Float.float16ToFloat((short) (from + i)), Mem.getFloat(B + 4L * i));
            }
            k.bf16ToF32(A, B, 1 << 13);
            for (int i = 0; i < 1 << 13; i++) {
                assertEquals(Float.intBitsToFloat((from + i) << 16), Mem.getFloat(B + 4L * i));
            }
        }
        for (long bits = 0; bits < 1L << 32; ) {
            int n = 0;
            for (; n < N - 3 && bits < 1L << 32; bits += 1531) {
                Mem.putInt(A + 4L * n++, (int) bits);
            }
            k.f32ToF16(A, B, n);
            for (int i = 0; i < n; i++) {
                float x = Mem.getFloat(A + 4L * i);
                assertEquals(
                        Float.float16ToFloat(Float.floatToFloat16(x)),
                                Float.float16ToFloat(Mem.getShort(B + 2L * i)), "f16 of " + x);
            }
            k.f32ToBf16(A, B, n);
            for (int i = 0; i < n; i++) {
                float x = Mem.getFloat(A + 4L * i);
                float got = Float.intBitsToFloat(Mem.getShort(B + 2L * i) << 16);
                float expected = Float.intBitsToFloat(ScalarMathKernels.toBf16(Float.floatToRawIntBits(x)) << 16);
                assertEquals(expected, got, "bf16 of " + x);
                if (Float.isFinite(got)) {
                    assertTrue(Math.abs((double) got - x) <= Math.ulp(got) * 0x1p15, "bf16 of " + x + " is " + got);
                }
            }
        }
    }

    @Test
    void scalarFunctionsAgainstKnownValues() {
        record Case(double got, double expected) {}
        for (Case c : List.of(
                new Case(ScalarMath.lgamma(0.1), 2.2527126517342059599),
                        new Case(ScalarMath.lgamma(10.5), 13.940625219403763633),
                new Case(ScalarMath.lgamma(-2.5), -0.056243716497674056),
                        new Case(ScalarMath.digamma(1), -0.57721566490153286061),
                new Case(ScalarMath.digamma(0.1), -10.423754940411076795),
                        new Case(ScalarMath.erf(0.3), 0.32862675945912742764),
                new Case(ScalarMath.erfc(3), 2.2090496998585441373e-5),
                        new Case(ScalarMath.erfinv(0.5), 0.47693627620446987338),
                new Case(ScalarMath.erfinv(0.999), 2.3267537655135245), new Case(ScalarMath.log2(8), 3))) {
            assertEquals(c.expected, c.got, Math.abs(c.expected) * 1e-13);
        }
    }
}
