package dev.tenon.backend.cpu.block;

import dev.tenon.api.op.UnaryFn;
import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Block functions of doubles, a vector at a time. Each is a method of its own with nothing but straight-line code in
/// its
/// loop: then the compiler keeps vectors in registers.
final class VectorF64 {
    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /// From here on all numbers are integers.
    private static final double WHOLE = 0x1p52;

    private VectorF64() {}

    private static DoubleVector load(long at) {
        return DoubleVector.fromMemorySegment(S, ALL, at, ORDER);
    }

    private static double get(long at) {
        return Mem.getDouble(at);
    }

    private static void put(long at, double v) {
        Mem.putDouble(at, v);
    }

    static void add(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            x.add(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) + get(b + 8L * i));
        }
    }

    static void sub(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            x.sub(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) - get(b + 8L * i));
        }
    }

    static void mul(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            x.mul(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) * get(b + 8L * i));
        }
    }

    static void div(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            x.div(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) / get(b + 8L * i));
        }
    }

    static void max(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            x.max(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.max(get(a + 8L * i), get(b + 8L * i)));
        }
    }

    static void min(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            x.min(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.min(get(a + 8L * i), get(b + 8L * i)));
        }
    }

    static void eq(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.EQ, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) == get(b + 8L * i));
        }
    }

    static void ne(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.NE, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) != get(b + 8L * i));
        }
    }

    static void lt(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.LT, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) < get(b + 8L * i));
        }
    }

    static void le(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.LE, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) <= get(b + 8L * i));
        }
    }

    static void gt(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.GT, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) > get(b + 8L * i));
        }
    }

    static void ge(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.GE, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) >= get(b + 8L * i));
        }
    }

    static void neg(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            x.neg().intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, -get(a + 8L * i));
        }
    }

    static void abs(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            x.abs().intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.abs(get(a + 8L * i)));
        }
    }

    static void reciprocal(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector.broadcast(S, 1).div(x).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, 1 / get(a + 8L * i));
        }
    }

    static void isNan(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            Bits.store(out + i, x.test(VectorOperators.IS_NAN).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, Double.isNaN(get(a + 8L * i)));
        }
    }

    static void sign(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector r = DoubleVector.broadcast(S, 1).blend(-1, x.lt(0));
            r.blend(x, x.compare(VectorOperators.NE, x).or(x.eq(0))).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.signum(get(a + 8L * i)));
        }
    }

    /// To the nearest integer, for numbers that have a fraction at all; adding and taking away a large power of two
    /// does it.
    private static DoubleVector nearest(DoubleVector x) {
        return signed(x.abs().add(WHOLE).sub(WHOLE), x);
    }

    /// A magnitude with the sign of another number.
    private static DoubleVector signed(DoubleVector magnitude, DoubleVector sign) {
        LongVector s = sign.reinterpretAsLongs().and(Long.MIN_VALUE);
        return magnitude.abs().reinterpretAsLongs().or(s).reinterpretAsDoubles();
    }

    static void round(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector r = nearest(x);
            x.blend(signed(r, x), x.abs().lt(WHOLE)).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.rint(get(a + 8L * i)));
        }
    }

    static void floor(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector r = nearest(x);
            r = r.blend(r.sub(1), r.compare(VectorOperators.GT, x));
            x.blend(signed(r, x), x.abs().lt(WHOLE)).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.floor(get(a + 8L * i)));
        }
    }

    static void ceil(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector r = nearest(x);
            r = r.blend(r.add(1), r.lt(x));
            x.blend(signed(r, x), x.abs().lt(WHOLE)).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.ceil(get(a + 8L * i)));
        }
    }

    static void trunc(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector m = x.abs();
            DoubleVector r = m.add(WHOLE).sub(WHOLE);
            r = r.blend(r.sub(1), r.compare(VectorOperators.GT, m));
            x.blend(signed(r, x), m.lt(WHOLE)).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Elements.apply(UnaryFn.TRUNC, get(a + 8L * i)));
        }
    }

    static void copySign(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector x = load(a + 8L * i);
            DoubleVector y = load(b + 8L * i);
            signed(x, y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Elements.copySign(get(a + 8L * i), get(b + 8L * i)));
        }
    }

    static void select(long condition, long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            VectorMask<Double> m = VectorMask.fromLong(S, Bits.load(condition + i, L));
            load(b + 8L * i).blend(load(a + 8L * i), m).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get((Mem.getByte(condition + i) != 0 ? a : b) + 8L * i));
        }
    }
}
