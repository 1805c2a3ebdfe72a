package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Functions of floats, a vector at a time; [MathKernels] states their errors.
///
/// The JDK's vector mathematics library (SVML, SLEEF) gives other last bits than Java's scalar functions, which stand
/// in for it until the compiler has got to it; so none of it is used. What is not in [FloatFunctions] goes through
/// doubles.
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

    private static final MethodHandle[] LOOPS = Loops.unary(MethodHandles.lookup(), "exp", "rsqrt", "sigmoid",
            "softplus", "erf", "expm1", "log", "log1p", "sqrt", "tanh", "log2");
    private static final MethodHandle[] CASTS = Loops.unary(MethodHandles.lookup(), "widen", "narrow");
    private static final int SCALAR = -1;
    private static final int WIDE = -2;

    private VectorMathF32() {}

    static void apply(UnaryFn fn, long src, long dst, int n) {
        int loop = switch (fn) {
            case EXP -> 0;
            case RSQRT -> 1;
            case SIGMOID -> 2;
            case SOFTPLUS -> 3;
            case ERF -> 4;
            case EXPM1 -> 5;
            case LOG -> 6;
            case LOG1P -> 7;
            case SQRT -> 8;
            case TANH -> 9;
            case LOG2 -> 10;
            case SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, ASINH, ACOSH, ATANH -> WIDE;
            default -> SCALAR;
        };
        if (loop >= 0) {
            Loops.run(LOOPS[loop], src, dst, n);
            return;
        }
        if (loop == WIDE) {
            wide(fn, src, dst, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            Mem.putFloat(dst + 4L * i, (float) fn.apply(Mem.getFloat(src + 4L * i)));
        }
    }

    /// The last few elements go through a padded buffer, so that each function's code exists once in its method:
    /// twice as much would not
    /// be inlined any more, and then every vector is an object.
    private static void tail(UnaryFn fn, long src, long dst, int n) {
        long t = Scratch.address();
        Mem.copy(src, t, 4L * n);
        for (int i = n; i < L; i++) {
            Mem.putFloat(t + 4L * i, 0);
        }
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

    /// Through doubles, in pieces that fit the buffers.
    private static void wide(UnaryFn fn, long src, long dst, int n) {
        long x = Scratch.buffer(0);
        for (int from = 0; from < n; from += Scratch.LENGTH) {
            int m = Math.min(Scratch.LENGTH, n - from);
            Loops.run(CASTS[0], src + 4L * from, x, m);
            VectorMathF64.wide(fn, x, m);
            Loops.run(CASTS[1], x, dst + 4L * from, m);
        }
    }

    /// Through doubles, in pieces that fit the buffers.
    static void wide(BinaryFn fn, long a, long b, long dst, int n) {
        long x = Scratch.buffer(0);
        long y = Scratch.buffer(1);
        for (int from = 0; from < n; from += Scratch.LENGTH) {
            int m = Math.min(Scratch.LENGTH, n - from);
            Loops.run(CASTS[0], a + 4L * from, x, m);
            Loops.run(CASTS[0], b + 4L * from, y, m);
            VectorMathF64.apply(fn, x, y, x, m, true);
            Loops.run(CASTS[1], x, dst + 4L * from, m);
        }
    }

    private static void widen(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            FloatVector.fromMemorySegment(HALF, ALL, src + 4L * i, ORDER).castShape(D, 0)
                    .intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putDouble(dst + 8L * i, Mem.getFloat(src + 4L * i));
        }
    }

    private static void narrow(long src, long dst, int n) {
        int h = HALF.length();
        int i = 0;
        for (; i <= n - h; i += h) {
            DoubleVector.fromMemorySegment(D, ALL, src + 8L * i, ORDER).castShape(HALF, 0)
                    .intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putFloat(dst + 4L * i, (float) Mem.getDouble(src + 8L * i));
        }
    }
}
