package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Functions of floats, a vector at a time; [MathKernels] states their errors.
///
/// The JDK's vector mathematics library (SVML, SLEEF) gives other last bits than Java's scalar functions, which stand in
/// for it until the compiler has got to it; so none of it is used. What is not in [FloatFunctions] goes through doubles.
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

    static void exp(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            FloatFunctions.exp(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
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
            FloatFunctions.sigmoid(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SIGMOID, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void softplus(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            FloatFunctions.softplus(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SOFTPLUS, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void erf(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            FloatFunctions.erf(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ERF, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void expm1(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            FloatFunctions.expm1(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
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
            FloatFunctions.log1p(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
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
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector y = DoubleTrigonometry.sin(x);
            VectorMask<Double> far = DoubleTrigonometry.far(x);
            if (far.anyTrue()) {
                y = LaneByLane.apply(UnaryFn.SIN, x, y, far);
            }
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SIN, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void cos(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector y = DoubleTrigonometry.cos(x);
            VectorMask<Double> far = DoubleTrigonometry.far(x);
            if (far.anyTrue()) {
                y = LaneByLane.apply(UnaryFn.COS, x, y, far);
            }
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.COS, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void tan(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector y = DoubleTrigonometry.tan(x);
            VectorMask<Double> far = DoubleTrigonometry.far(x);
            if (far.anyTrue()) {
                y = LaneByLane.apply(UnaryFn.TAN, x, y, far);
            }
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.TAN, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void asin(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector y = DoubleTrigonometry.asin(x);
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ASIN, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void acos(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector y = DoubleTrigonometry.acos(x);
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ACOS, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void atan(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector y = DoubleTrigonometry.atan(x);
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ATAN, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void sinh(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector y = DoubleFunctions.sinh(x);
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SINH, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void cosh(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0);
            DoubleVector y = DoubleFunctions.cosh(x);
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.COSH, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void tanh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER);
            FloatFunctions.tanh(x).intoMemorySegment(ALL, dst + 4L * i, ORDER);
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
            DoubleVector y = DoubleFunctions.asinh(x);
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
            DoubleVector y = DoubleFunctions.acosh(x);
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
            DoubleVector y = DoubleFunctions.atanh(x);
            ((FloatVector) y.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ATANH, src + 4L * i, dst + 4L * i, n - i);
        }
    }

    static void pow(long a, long b, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, a + 4L * i, ORDER).castShape(D, 0);
            var y = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, b + 4L * i, ORDER).castShape(D, 0);
            DoubleVector z = DoublePowers.shortPower(x, y);
            VectorMask<Double> odd = DoublePowers.extreme(x, y, z);
            if (odd.anyTrue()) {
                z = LaneByLane.apply(BinaryFn.POW, x, y, z, odd);
            }
            ((FloatVector) z.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        rest(BinaryFn.POW, a, b, dst, i, n);
    }

    static void atan2(long a, long b, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            var x = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, a + 4L * i, ORDER).castShape(D, 0);
            var y = (DoubleVector) FloatVector.fromMemorySegment(HALF, ALL, b + 4L * i, ORDER).castShape(D, 0);
            DoubleVector z = DoubleTrigonometry.atan2(x, y);
            VectorMask<Double> odd = DoubleTrigonometry.extreme(x, y);
            if (odd.anyTrue()) {
                z = LaneByLane.apply(BinaryFn.ATAN2, x, y, z, odd);
            }
            ((FloatVector) z.castShape(HALF, 0)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        rest(BinaryFn.ATAN2, a, b, dst, i, n);
    }

    private static void rest(BinaryFn fn, long a, long b, long dst, int i, int n) {
        for (; i < n; i++) {
            Mem.putFloat(dst + 4L * i, (float) fn.apply(Mem.getFloat(a + 4L * i), Mem.getFloat(b + 4L * i)));
        }
    }
}
