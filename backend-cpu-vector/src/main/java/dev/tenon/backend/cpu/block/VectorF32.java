package dev.tenon.backend.cpu.block;

import dev.tenon.api.op.UnaryFn;
import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Block functions of floats, a vector at a time. Each is a method of its own with nothing but straight-line code in
/// its
/// loop: then the compiler keeps vectors in registers.
final class VectorF32 {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /// From here on all numbers are integers.
    private static final float WHOLE = 0x1p23f;

    private VectorF32() {}

    private static FloatVector load(long at) {
        return FloatVector.fromMemorySegment(S, ALL, at, ORDER);
    }

    private static float get(long at) {
        return Mem.getFloat(at);
    }

    private static void put(long at, float v) {
        Mem.putFloat(at, v);
    }

    static void add(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            x.add(y).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, get(a + 4L * i) + get(b + 4L * i));
        }
    }

    static void sub(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            x.sub(y).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, get(a + 4L * i) - get(b + 4L * i));
        }
    }

    static void mul(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            x.mul(y).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, get(a + 4L * i) * get(b + 4L * i));
        }
    }

    static void div(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            x.div(y).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, get(a + 4L * i) / get(b + 4L * i));
        }
    }

    static void max(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            x.max(y).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, Math.max(get(a + 4L * i), get(b + 4L * i)));
        }
    }

    static void min(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            x.min(y).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, Math.min(get(a + 4L * i), get(b + 4L * i)));
        }
    }

    /// y, but 0 where x <= 0.
    static void unlessAtMostZero(long x, long y, long out, int n) {
        FloatVector zero = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - L; i += L) {
            VectorMask<Float> m = load(x + 4L * i).compare(VectorOperators.LE, zero);
            load(y + 4L * i).blend(zero, m).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, get(x + 4L * i) <= 0 ? 0 : get(y + 4L * i));
        }
    }

    /// y where x > 0, otherwise 0.
    static void whereAboveZero(long x, long y, long out, int n) {
        FloatVector zero = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - L; i += L) {
            VectorMask<Float> m = load(x + 4L * i).compare(VectorOperators.GT, zero);
            zero.blend(load(y + 4L * i), m).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, get(x + 4L * i) > 0 ? get(y + 4L * i) : 0);
        }
    }

    static void eq(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            Bits.store(out + i, x.compare(VectorOperators.EQ, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 4L * i) == get(b + 4L * i));
        }
    }

    static void ne(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            Bits.store(out + i, x.compare(VectorOperators.NE, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 4L * i) != get(b + 4L * i));
        }
    }

    static void lt(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            Bits.store(out + i, x.compare(VectorOperators.LT, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 4L * i) < get(b + 4L * i));
        }
    }

    static void le(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            Bits.store(out + i, x.compare(VectorOperators.LE, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 4L * i) <= get(b + 4L * i));
        }
    }

    static void gt(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            Bits.store(out + i, x.compare(VectorOperators.GT, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 4L * i) > get(b + 4L * i));
        }
    }

    static void ge(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            Bits.store(out + i, x.compare(VectorOperators.GE, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 4L * i) >= get(b + 4L * i));
        }
    }

    static void neg(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            x.neg().intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, -get(a + 4L * i));
        }
    }

    static void abs(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            x.abs().intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, Math.abs(get(a + 4L * i)));
        }
    }

    static void reciprocal(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector.broadcast(S, 1f).div(x).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, 1 / get(a + 4L * i));
        }
    }

    static void isNan(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            Bits.store(out + i, x.test(VectorOperators.IS_NAN).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, Float.isNaN(get(a + 4L * i)));
        }
    }

    static void sign(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector r = FloatVector.broadcast(S, 1).blend(-1, x.lt(0));
            r.blend(x, x.compare(VectorOperators.NE, x).or(x.eq(0))).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, Math.signum(get(a + 4L * i)));
        }
    }

    /// To the nearest integer, for numbers that have a fraction at all; adding and taking away a large power of two
    /// does it.
    private static FloatVector nearest(FloatVector x) {
        return signed(x.abs().add(WHOLE).sub(WHOLE), x);
    }

    /// A magnitude with the sign of another number.
    private static FloatVector signed(FloatVector magnitude, FloatVector sign) {
        IntVector s = sign.reinterpretAsInts().and(Integer.MIN_VALUE);
        return magnitude.abs().reinterpretAsInts().or(s).reinterpretAsFloats();
    }

    static void round(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector r = nearest(x);
            x.blend(signed(r, x), x.abs().lt(WHOLE)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, (float) Math.rint(get(a + 4L * i)));
        }
    }

    static void floor(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector r = nearest(x);
            r = r.blend(r.sub(1), r.compare(VectorOperators.GT, x));
            x.blend(signed(r, x), x.abs().lt(WHOLE)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, (float) Math.floor(get(a + 4L * i)));
        }
    }

    static void ceil(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector r = nearest(x);
            r = r.blend(r.add(1), r.lt(x));
            x.blend(signed(r, x), x.abs().lt(WHOLE)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, (float) Math.ceil(get(a + 4L * i)));
        }
    }

    static void trunc(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector m = x.abs();
            FloatVector r = m.add(WHOLE).sub(WHOLE);
            r = r.blend(r.sub(1), r.compare(VectorOperators.GT, m));
            x.blend(signed(r, x), m.lt(WHOLE)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, (float) Elements.apply(UnaryFn.TRUNC, get(a + 4L * i)));
        }
    }

    static void copySign(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector x = load(a + 4L * i);
            FloatVector y = load(b + 4L * i);
            signed(x, y).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, (float) Elements.copySign(get(a + 4L * i), get(b + 4L * i)));
        }
    }

    static void select(long condition, long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            VectorMask<Float> m = VectorMask.fromLong(S, Bits.load(condition + i, L));
            load(b + 4L * i).blend(load(a + 4L * i), m).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 4L * i, get((Mem.getByte(condition + i) != 0 ? a : b) + 4L * i));
        }
    }
}
