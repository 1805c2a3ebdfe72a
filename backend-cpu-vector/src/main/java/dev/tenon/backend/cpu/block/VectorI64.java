package dev.tenon.backend.cpu.block;

import dev.tenon.api.op.BinaryFn;
import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Block functions of longs, a vector at a time. Each is a method of its own with nothing but straight-line code in
/// its
/// loop: then the compiler keeps vectors in registers.
final class VectorI64 {
    private static final VectorSpecies<Long> S = LongVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private VectorI64() {}

    private static LongVector load(long at) {
        return LongVector.fromMemorySegment(S, ALL, at, ORDER);
    }

    private static long get(long at) {
        return Mem.getLong(at);
    }

    private static void put(long at, long v) {
        Mem.putLong(at, v);
    }

    static void add(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            x.add(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) + get(b + 8L * i));
        }
    }

    static void sub(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            x.sub(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) - get(b + 8L * i));
        }
    }

    static void mul(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            x.mul(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) * get(b + 8L * i));
        }
    }

    static void max(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            x.max(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.max(get(a + 8L * i), get(b + 8L * i)));
        }
    }

    static void min(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            x.min(y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.min(get(a + 8L * i), get(b + 8L * i)));
        }
    }

    static void and(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            x.lanewise(VectorOperators.AND, y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) & get(b + 8L * i));
        }
    }

    static void or(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            x.lanewise(VectorOperators.OR, y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) | get(b + 8L * i));
        }
    }

    static void xor(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            x.lanewise(VectorOperators.XOR, y).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get(a + 8L * i) ^ get(b + 8L * i));
        }
    }

    static void shl(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            VectorMask<Long> far = y.compare(VectorOperators.UGT, 63);
            LongVector r = x.lanewise(VectorOperators.LSHL, y).blend(0, far);
            r.intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Elements.apply(BinaryFn.SHL, get(a + 8L * i), get(b + 8L * i), 64));
        }
    }

    static void shr(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            VectorMask<Long> far = y.compare(VectorOperators.UGT, 63);
            LongVector r = x.lanewise(VectorOperators.ASHR, y.blend(63, far));
            r.intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Elements.apply(BinaryFn.SHR, get(a + 8L * i), get(b + 8L * i), 64));
        }
    }

    static void eq(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.EQ, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) == get(b + 8L * i));
        }
    }

    static void ne(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.NE, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) != get(b + 8L * i));
        }
    }

    static void lt(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.LT, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) < get(b + 8L * i));
        }
    }

    static void le(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.LE, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) <= get(b + 8L * i));
        }
    }

    static void gt(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.GT, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) > get(b + 8L * i));
        }
    }

    static void ge(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            LongVector y = load(b + 8L * i);
            Bits.store(out + i, x.compare(VectorOperators.GE, y).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, get(a + 8L * i) >= get(b + 8L * i));
        }
    }

    static void neg(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            x.neg().intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, -get(a + 8L * i));
        }
    }

    static void abs(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            x.abs().intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, Math.abs(get(a + 8L * i)));
        }
    }

    static void not(long a, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector x = load(a + 8L * i);
            x.not().intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, ~get(a + 8L * i));
        }
    }

    static void select(long condition, long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            VectorMask<Long> m = VectorMask.fromLong(S, Bits.load(condition + i, L));
            load(b + 8L * i).blend(load(a + 8L * i), m).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            put(out + 8L * i, get((Mem.getByte(condition + i) != 0 ? a : b) + 8L * i));
        }
    }
}
