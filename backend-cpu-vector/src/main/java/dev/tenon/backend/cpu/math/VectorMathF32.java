package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Functions of floats, a vector at a time; [MathKernels] states their errors.
///
/// exp, log, sigmoid and erf are polynomials of our own. The others call the JDK's vector mathematics library (SVML,
/// SLEEF), or go through doubles; until the compiler has got to them they run as Java's scalar functions, which may
/// differ in the last bit.
final class VectorMathF32 {

    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> HALF =
            VectorSpecies.of(float.class, VectorShape.forBitSize(D.length() * Float.SIZE));
    private static final int L = S.length();
    private static final long ROOT_HALF_BITS = Double.doubleToRawLongBits(Math.sqrt(0.5));
    private static final double LN_2 = Math.log(2);
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private VectorMathF32() {}

    static void apply(UnaryFn fn, long src, long dst, int n) {
        switch (fn) {
            case EXP -> exp(src, dst, n);
            case RSQRT -> rsqrt(src, dst, n);
            case SIGMOID -> sigmoid(src, dst, n);
            case SOFTPLUS -> softplus(src, dst, n);
            case ERF -> erf(src, dst, n);
            case EXPM1 -> expm1(src, dst, n);
            case LOG -> log(src, dst, n);
            case LOG1P -> log1p(src, dst, n);
            case SQRT -> sqrt(src, dst, n);
            case SIN -> sin(src, dst, n);
            case COS -> cos(src, dst, n);
            case TAN -> tan(src, dst, n);
            case ASIN -> asin(src, dst, n);
            case ACOS -> acos(src, dst, n);
            case ATAN -> atan(src, dst, n);
            case SINH -> sinh(src, dst, n);
            case COSH -> cosh(src, dst, n);
            case TANH -> tanh(src, dst, n);
            case LOG2 -> log2(src, dst, n);
            case ASINH -> asinh(src, dst, n);
            case ACOSH -> acosh(src, dst, n);
            case ATANH -> atanh(src, dst, n);
            default -> {
                for (int i = 0; i < n; i++) {
                    Mem.putFloat(dst + 4L * i, (float) fn.apply(Mem.getFloat(src + 4L * i)));
                }
            }
        }
    }

    /// The last few elements go through a padded buffer, so that each function's code exists once in its method:
    /// twice as much would not
    /// be inlined any more, and then every vector is an object.
    private static void tail(UnaryFn fn, long src, long dst, int n) {
        long t = Scratch.address();
        Mem.copy(src, t, 4L * n);
        apply(fn, t, t, L);
        Mem.copy(t, dst, 4L * n);
    }

    /// 2^n * e^r with |r| <= ln 2 / 2. The factor is applied in two halves so that subnormal results are rounded
    /// once and nothing overflows early.
    private static FloatVector exp(FloatVector x) {
        FloatVector c = x.max(-104f).min(89f); // beyond these the result is 0 or infinity; NaN stays
        FloatVector t = c.lanewise(VectorOperators.FMA, 1.442695041f,
                12582912f); // 1.5 * 2^23: rounds to an integer in the low bits
        FloatVector k = t.sub(12582912f);
        FloatVector r = k.lanewise(VectorOperators.FMA, FloatVector.broadcast(S, -0.693145752f), c);
        r = k.lanewise(VectorOperators.FMA, FloatVector.broadcast(S, -1.42860677e-6f), r);
        FloatVector p = r.lanewise(VectorOperators.FMA, 1.37805939e-3f, 8.37312452e-3f);
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 4.16695364e-2f));
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 1.66664720e-1f));
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 4.99999851e-1f));
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 1f));
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 1f));
        IntVector n = t.reinterpretAsInts().sub(0x4B400000);
        IntVector half = n.lanewise(VectorOperators.ASHR, 1);
        FloatVector s1 = half.lanewise(VectorOperators.LSHL, 23).add(0x3f800000).reinterpretAsFloats();
        FloatVector s2 = n.sub(half).lanewise(VectorOperators.LSHL, 23).add(0x3f800000).reinterpretAsFloats();
        return p.mul(s1).mul(s2);
    }

    private static FloatVector sigmoid(FloatVector x) {
        FloatVector e = exp(x.abs().neg());
        FloatVector num = FloatVector.broadcast(S, 1f).blend(e, x.lt(0f));
        FloatVector d = e.add(1f);
        FloatVector q = num.div(d);
        // One step of refinement with what the sum and the quotient lost; 1 - q is 1 / d where it matters, at x < 0.
        FloatVector lost = e.sub(d.sub(1f));
        FloatVector r = q.neg().lanewise(VectorOperators.FMA, d, num);
        r = q.neg().lanewise(VectorOperators.FMA, lost, r);
        return r.lanewise(VectorOperators.FMA, FloatVector.broadcast(S, 1f).sub(q), q);
    }

    private static FloatVector softplus(FloatVector x) {
        return exp(x.abs().neg()).lanewise(VectorOperators.LOG1P).add(x.max(0f));
    }

    /// Two polynomials after N. Juffa: x + x * p(x^2) near zero, 1 - exp(q(|x|)) beyond.
    private static FloatVector erf(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector s = x.mul(x);
        FloatVector q = a.lanewise(VectorOperators.FMA, -1.72853470e-5f, 3.83197126e-4f);
        FloatVector u = a.lanewise(VectorOperators.FMA, -3.88396438e-3f, 2.42546219e-2f);
        q = q.lanewise(VectorOperators.FMA, s, u);
        q = q.lanewise(VectorOperators.FMA, a, FloatVector.broadcast(S, -1.06777877e-1f));
        q = q.lanewise(VectorOperators.FMA, a, FloatVector.broadcast(S, -6.34846687e-1f));
        q = q.lanewise(VectorOperators.FMA, a, FloatVector.broadcast(S, -1.28717512e-1f));
        q = q.lanewise(VectorOperators.FMA, a, a.neg());
        FloatVector far = FloatVector.broadcast(S, 1f).sub(exp(q));
        FloatVector p = s.lanewise(VectorOperators.FMA, -5.96761703e-4f, 4.99119423e-3f);
        p = p.lanewise(VectorOperators.FMA, s, FloatVector.broadcast(S, -2.67681349e-2f));
        p = p.lanewise(VectorOperators.FMA, s, FloatVector.broadcast(S, 1.12819925e-1f));
        p = p.lanewise(VectorOperators.FMA, s, FloatVector.broadcast(S, -3.76125336e-1f));
        p = p.lanewise(VectorOperators.FMA, s, FloatVector.broadcast(S, 1.28379166e-1f));
        FloatVector near = p.lanewise(VectorOperators.FMA, x, x);
        FloatVector sign = x.reinterpretAsInts().and(0x80000000).or(far.reinterpretAsInts()).reinterpretAsFloats();
        return near.blend(sign, a.lt(0.927734375f).not());
    }

    static void exp(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            exp(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.EXP, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void rsqrt(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            FloatVector.broadcast(S, 1f).div(x.sqrt()).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.RSQRT, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void sigmoid(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            sigmoid(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SIGMOID, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void softplus(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            softplus(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SOFTPLUS, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void erf(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            erf(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ERF, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void expm1(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.EXPM1).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.EXPM1, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void log(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            ((FloatVector) ln(x).castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.LOG, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    /// The natural logarithm of doubles that were floats, good to a float's precision: the library's own differs in its
    /// last bit between interpreted and compiled code, and losses are made of logarithms.
    ///
    /// With x = 2^e m and r = (m - 1) / (m + 1), ln m = 2 (r + r³/3 + r⁵/5 + ...), where |r| is at most 0.172.
    private static DoubleVector ln(DoubleVector x) {
        LongVector bits = x.reinterpretAsLongs();
        LongVector e = bits.sub(ROOT_HALF_BITS).lanewise(VectorOperators.ASHR, 52);
        DoubleVector m = bits.sub(e.lanewise(VectorOperators.LSHL, 52)).reinterpretAsDoubles();
        DoubleVector r = m.sub(1).div(m.add(1));
        DoubleVector s = r.mul(r);
        DoubleVector p = DoubleVector.broadcast(D, 1.0 / 17);
        p = p.fma(s, DoubleVector.broadcast(D, 1.0 / 15));
        p = p.fma(s, DoubleVector.broadcast(D, 1.0 / 13));
        p = p.fma(s, DoubleVector.broadcast(D, 1.0 / 11));
        p = p.fma(s, DoubleVector.broadcast(D, 1.0 / 9));
        p = p.fma(s, DoubleVector.broadcast(D, 1.0 / 7));
        p = p.fma(s, DoubleVector.broadcast(D, 1.0 / 5));
        p = p.fma(s, DoubleVector.broadcast(D, 1.0 / 3));
        p = p.fma(s, DoubleVector.broadcast(D, 1));
        var exponent = (DoubleVector) e.convertShape(VectorOperators.L2D, D, 0);
        DoubleVector y = exponent.mul(LN_2).add(p.mul(r.add(r)));
        y = y.blend(x, x.compare(VectorOperators.EQ, Double.POSITIVE_INFINITY));
        y = y.blend(Double.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0));
        return y.blend(Double.NaN, x.test(VectorOperators.IS_NAN).or(x.compare(VectorOperators.LT, 0)));
    }

    static void log1p(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.LOG1P).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.LOG1P, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void sqrt(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.SQRT).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SQRT, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void sin(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.SIN).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SIN, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void cos(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.COS).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.COS, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void tan(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.TAN).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.TAN, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void asin(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.ASIN).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ASIN, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void acos(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.ACOS).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ACOS, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void atan(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.ATAN).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ATAN, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void sinh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.SINH).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SINH, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void cosh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.COSH).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.COSH, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void tanh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            x.lanewise(VectorOperators.TANH).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.TANH, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void log2(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector y = ln(x).mul(1.4426950408889634);
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.LOG2, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void asinh(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector a = x.abs();
            DoubleVector t = a.mul(a);
            DoubleVector y = a.add(t.div(t.add(1).sqrt().add(1))).lanewise(VectorOperators.LOG1P);
            y = y.blend(a, a.eq(Double.POSITIVE_INFINITY)); // inf / inf above
            y = y.reinterpretAsLongs().or(x.reinterpretAsLongs().and(Long.MIN_VALUE)).reinterpretAsDoubles();
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ASINH, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void acosh(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector t = x.sub(1);
            DoubleVector y = t.add(t.add(2).mul(t).sqrt()).lanewise(VectorOperators.LOG1P);
            y = y.blend(Double.NaN, t.lt(0));
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ACOSH, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void atanh(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector a = x.abs();
            DoubleVector y = a.add(a).div(a.neg().add(1)).lanewise(VectorOperators.LOG1P).mul(0.5);
            y = y.blend(Double.NaN, a.compare(VectorOperators.GT, 1));
            y = y.reinterpretAsLongs().or(x.reinterpretAsLongs().and(Long.MIN_VALUE)).reinterpretAsDoubles();
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ATANH, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void pow(long a, long b, long dst, int n) {
        FloatVector one = FloatVector.broadcast(S, 1f);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, a + 4L * i, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, b + 4L * i, ORDER);
            // C99's two exceptions, which Java's own pow does not make
            VectorMask<Float> unit = x.eq(1f).or(x.eq(-1f).and(y.test(VectorOperators.IS_INFINITE)));
            x.lanewise(VectorOperators.POW, y).blend(one, unit).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        rest(BinaryFn.POW, a, b, dst, i, n);
    }

    static void atan2(long a, long b, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, a + 4L * i, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, b + 4L * i, ORDER);
            x.lanewise(VectorOperators.ATAN2, y).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        rest(BinaryFn.ATAN2, a, b, dst, i, n);
    }

    private static void rest(BinaryFn fn, long a, long b, long dst, int i, int n) {
        for (; i < n; i++) {
            Mem.putFloat(dst + 4L * i, (float) fn.apply(Mem.getFloat(a + 4L * i), Mem.getFloat(b + 4L * i)));
        }
    }
}
