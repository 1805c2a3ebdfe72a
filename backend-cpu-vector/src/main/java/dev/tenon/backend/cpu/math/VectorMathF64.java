package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/// Functions of doubles, a vector at a time: loops around [DoubleFunctions], [DoublePowers] and [DoubleTrigonometry];
/// the rest is scalar.
final class VectorMathF64 {

    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private static final MethodHandle[] LOOPS = Loops.unary(MethodHandles.lookup(), "exp", "expm1", "log", "log1p",
            "sqrt", "rsqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "sigmoid",
            "softplus");
    private static final int LOG1P = 3;
    private static final int SCALAR = -1;
    private static final MethodHandle[] WIDE =
            Loops.unary(MethodHandles.lookup(), "asinh", "acosh", "atanh", "decay");
    private static final int DECAY = 3;
    private static final MethodHandle[] ANGLES = Loops.binary(MethodHandles.lookup(), "angles");

    private VectorMathF64() {}

    static void apply(UnaryFn fn, long src, long dst, int n) {
        int loop = switch (fn) {
            case EXP -> 0;
            case EXPM1 -> 1;
            case LOG -> 2;
            case LOG1P -> 3;
            case SQRT -> 4;
            case RSQRT -> 5;
            case SIN -> 6;
            case COS -> 7;
            case TAN -> 8;
            case ASIN -> 9;
            case ACOS -> 10;
            case ATAN -> 11;
            case SINH -> 12;
            case COSH -> 13;
            case TANH -> 14;
            case SIGMOID -> 15;
            case SOFTPLUS -> 16;
            default -> SCALAR;
        };
        if (loop >= 0) {
            Loops.run(LOOPS[loop], src, dst, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            Mem.putDouble(dst + 8L * i, fn.apply(Mem.getDouble(src + 8L * i)));
        }
    }

    /// In place, for what were floats: of some functions a shorter way with a float's precision to spare.
    static void wide(UnaryFn fn, long x, int n) {
        switch (fn) {
            case ASINH -> Loops.run(WIDE[0], x, x, n);
            case ACOSH -> Loops.run(WIDE[1], x, x, n);
            case ATANH -> Loops.run(WIDE[2], x, x, n);
            default -> apply(fn, x, x, n);
        }
    }

    /// @param floats whether a float's precision is enough
    static void apply(BinaryFn fn, long a, long b, long dst, int n, boolean floats) {
        switch (fn) {
            case POW -> pow(a, b, dst, n, floats);
            case ATAN2 -> atan2(a, b, dst, n);
        }
    }

    /// The last few elements go through a padded buffer, so that each function's code exists once in its method:
    /// twice as much would not
    /// be inlined any more, and then every vector is an object.
    private static void tail(UnaryFn fn, long src, long dst, int n) {
        long t = Scratch.address();
        Mem.copy(src, t, 8L * n);
        for (int i = n; i < L; i++) {
            Mem.putDouble(t + 8L * i, 0);
        }
        apply(fn, t, t, L);
        Mem.copy(t, dst, 8L * n);
    }

    static void expm1(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleFunctions.expm1(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.EXPM1, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void log(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleFunctions.log(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.LOG, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void log1p(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleFunctions.log1p(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
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
        if (beyond(src, n)) {
            oneByOne(UnaryFn.SIN, src, dst, n);
            return;
        }
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleTrigonometry.sin(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SIN, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void cos(long src, long dst, int n) {
        if (beyond(src, n)) {
            oneByOne(UnaryFn.COS, src, dst, n);
            return;
        }
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleTrigonometry.cos(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.COS, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void tan(long src, long dst, int n) {
        if (beyond(src, n)) {
            oneByOne(UnaryFn.TAN, src, dst, n);
            return;
        }
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleTrigonometry.tan(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.TAN, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void asin(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleTrigonometry.asin(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ASIN, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void acos(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleTrigonometry.acos(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ACOS, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void atan(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleTrigonometry.atan(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.ATAN, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void sinh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleFunctions.sinh(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SINH, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void cosh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleFunctions.cosh(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.COSH, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void tanh(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleFunctions.tanh(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.TANH, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void exp(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER);
            DoubleFunctions.exp(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
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
            DoubleFunctions.sigmoid(x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        if (i < n) {
            tail(UnaryFn.SIGMOID, src + 8L * i, dst + 8L * i, n - i);
        }
    }

    static void softplus(long src, long dst, int n) {
        long e = Scratch.buffer(2);
        for (int from = 0; from < n; from += Scratch.LENGTH) {
            int m = Math.min(Scratch.LENGTH, n - from);
            padded(2, src + 8L * from, m);
            Loops.run(WIDE[DECAY], e, e, m);
            Loops.run(LOOPS[LOG1P], e, e, m);
            addPositive(src + 8L * from, e, dst + 8L * from, m);
        }
    }

    /// e^-|x|, up to a whole vector.
    static void decay(long x, long dst, int n) {
        for (int i = 0; i < n; i += L) {
            DoubleVector v = DoubleVector.fromMemorySegment(S, ALL, x + 8L * i, ORDER);
            DoubleFunctions.exp(v.abs().neg()).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
    }

    /// out = y + max(x, 0).
    private static void addPositive(long x, long y, long out, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putDouble(out + 8L * i, Mem.getDouble(y + 8L * i) + Math.max(Mem.getDouble(x + 8L * i), 0));
        }
    }

    /// Whether an argument is too large for the reduction by multiples of π/2.
    private static boolean beyond(long src, int n) {
        boolean beyond = false;
        for (int i = 0; i < n; i++) {
            beyond |= Math.abs(Mem.getDouble(src + 8L * i)) > DoubleTrigonometry.REACH;
        }
        return beyond;
    }

    /// Arguments that are too large by the scalar function, the others as ever.
    private static void oneByOne(UnaryFn fn, long src, long dst, int n) {
        long t = Scratch.address() + 256;
        for (int i = 0; i < n; i++) {
            double x = Mem.getDouble(src + 8L * i);
            if (Math.abs(x) > DoubleTrigonometry.REACH) {
                Mem.putDouble(dst + 8L * i, fn.apply(x));
            } else {
                Mem.putDouble(t, x);
                tail(fn, t, t, 1);
                Mem.putDouble(dst + 8L * i, Mem.getDouble(t));
            }
        }
    }

    /// Up to whole vectors, in a buffer.
    static void asinh(long x, long dst, int n) {
        for (int i = 0; i < n; i += L) {
            DoubleVector v = DoubleVector.fromMemorySegment(S, ALL, x + 8L * i, ORDER);
            DoubleFunctions.asinh(v).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
    }

    /// Up to whole vectors, in a buffer.
    static void acosh(long x, long dst, int n) {
        for (int i = 0; i < n; i += L) {
            DoubleVector v = DoubleVector.fromMemorySegment(S, ALL, x + 8L * i, ORDER);
            DoubleFunctions.acosh(v).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
    }

    /// Up to whole vectors, in a buffer.
    static void atanh(long x, long dst, int n) {
        for (int i = 0; i < n; i += L) {
            DoubleVector v = DoubleVector.fromMemorySegment(S, ALL, x + 8L * i, ORDER);
            DoubleFunctions.atanh(v).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
    }

    /// In pieces that fit the buffers.
    static void pow(long a, long b, long dst, int n, boolean floats) {
        long z = Scratch.buffer(4);
        long low = Scratch.buffer(5);
        for (int from = 0; from < n; from += Scratch.LENGTH) {
            int m = Math.min(Scratch.LENGTH, n - from);
            long x = padded(2, a + 8L * from, m);
            long y = padded(3, b + 8L * from, m);
            DoublePowers.power(x, y, z, low, m, floats);
            Mem.copy(z, dst + 8L * from, 8L * m);
        }
    }

    /// In pieces that fit the buffers.
    static void atan2(long a, long b, long dst, int n) {
        long z = Scratch.buffer(4);
        for (int from = 0; from < n; from += Scratch.LENGTH) {
            int m = Math.min(Scratch.LENGTH, n - from);
            long y = padded(2, a + 8L * from, m);
            long x = padded(3, b + 8L * from, m);
            Loops.run(ANGLES[0], y, x, z, z, m);
            for (int i = 0; i < m; i++) {
                double u = Mem.getDouble(y + 8L * i);
                double v = Mem.getDouble(x + 8L * i);
                if (DoubleTrigonometry.extreme(u, v)) {
                    Mem.putDouble(z + 8L * i, BinaryFn.ATAN2.apply(u, v));
                }
            }
            Mem.copy(z, dst + 8L * from, 8L * m);
        }
    }

    static boolean angles(long a, long b, long dst, long low, int n) {
        for (int i = 0; i < n; i += L) {
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, a + 8L * i, ORDER);
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, b + 8L * i, ORDER);
            DoubleTrigonometry.atan2(y, x).intoMemorySegment(ALL, dst + 8L * i, ORDER);
        }
        return true;
    }

    /// A buffer with the given numbers, filled with ones up to whole vectors.
    private static long padded(int buffer, long src, int n) {
        long t = Scratch.buffer(buffer);
        Mem.copy(src, t, 8L * n);
        for (int i = n; i % L != 0; i++) {
            Mem.putDouble(t + 8L * i, 1);
        }
        return t;
    }
}
