package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Functions of doubles, a vector at a time: loops around [DoubleFunctions], [DoublePowers] and [DoubleTrigonometry]; the
/// rest is scalar.
final class VectorMathF64 {

    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private VectorMathF64() {}

    static void apply(UnaryFn fn, long src, long dst, int n) {
        switch (fn) {
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
            case EXP -> exp(src, dst, n);
            case RSQRT -> rsqrt(src, dst, n);
            case SIGMOID -> sigmoid(src, dst, n);
            case SOFTPLUS -> softplus(src, dst, n);
            default -> {
                for (int i = 0; i < n; i++) {
                    Mem.putDouble(dst + 8L * i, fn.apply(Mem.getDouble(src + 8L * i)));
                }
            }
        }
    }

    /// The last few elements go through a padded buffer, so that each function's code exists once in its method:
    /// twice as much would not
    /// be inlined any more, and then every vector is an object.
    private static void tail(UnaryFn fn, long src, long dst, int n) {
        long t = Scratch.address();
        Mem.copy(src, t, 8L * n);
        apply(fn, t, t, L);
        Mem.copy(t, dst, 8L * n);
    }

    static void expm1(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleFunctions.expm1(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.EXPM1, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void log(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleFunctions.log(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.LOG, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void log1p(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleFunctions.log1p(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.LOG1P, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void sqrt(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            x.sqrt().intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SQRT, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void sin(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleTrigonometry.sin(x);
            VectorMask<Double> far = DoubleTrigonometry.far(x);
            if (far.anyTrue()) {
                y = LaneByLane.apply(UnaryFn.SIN, x, y, far);
            }
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SIN, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void cos(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleTrigonometry.cos(x);
            VectorMask<Double> far = DoubleTrigonometry.far(x);
            if (far.anyTrue()) {
                y = LaneByLane.apply(UnaryFn.COS, x, y, far);
            }
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.COS, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void tan(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleTrigonometry.tan(x);
            VectorMask<Double> far = DoubleTrigonometry.far(x);
            if (far.anyTrue()) {
                y = LaneByLane.apply(UnaryFn.TAN, x, y, far);
            }
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.TAN, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void asin(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleTrigonometry.asin(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ASIN, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void acos(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleTrigonometry.acos(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ACOS, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void atan(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleTrigonometry.atan(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ATAN, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void sinh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleFunctions.sinh(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SINH, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void cosh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleFunctions.cosh(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.COSH, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void tanh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleFunctions.tanh(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.TANH, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void exp(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleFunctions.exp(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.EXP, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void rsqrt(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector.broadcast(S, 1).div(x.sqrt()).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.RSQRT, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void sigmoid(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleFunctions.sigmoid(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SIGMOID, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void softplus(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleVector y = DoubleFunctions.softplus(x);
            y.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SOFTPLUS, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void pow(long a, long b, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, a + 8L * i, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, b + 8L * i, ORDER);
            DoubleVector z = DoublePowers.power(x, y);
            VectorMask<Double> odd = DoublePowers.extreme(x, y, z);
            if (odd.anyTrue()) {
                z = LaneByLane.apply(BinaryFn.POW, x, y, z, odd);
            }
            z.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        rest(BinaryFn.POW, a, b, dst, i, n);
    }

    static void atan2(long a, long b, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, a + 8L * i, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, b + 8L * i, ORDER);
            DoubleVector z = DoubleTrigonometry.atan2(x, y);
            VectorMask<Double> odd = DoubleTrigonometry.extreme(x, y);
            if (odd.anyTrue()) {
                z = LaneByLane.apply(BinaryFn.ATAN2, x, y, z, odd);
            }
            z.intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        rest(BinaryFn.ATAN2, a, b, dst, i, n);
    }

    private static void rest(BinaryFn fn, long a, long b, long dst, int i, int n) {
        for (; i < n; i++) {
            Mem.putDouble(dst + 8L * i, fn.apply(Mem.getDouble(a + 8L * i), Mem.getDouble(b + 8L * i)));
        }
    }
}
