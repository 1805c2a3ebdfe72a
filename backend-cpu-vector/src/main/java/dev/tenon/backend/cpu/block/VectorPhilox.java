package dev.tenon.backend.cpu.block;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// [Philox], a vector of elements at a time.
///
/// A word is the lower half of a lane. What the upper half holds is cleared only before multiplications: then the
/// compiler takes the instruction for products of 32-bit factors. The rounds are written out because C2 (JDK 25) boxes
/// vectors that a loop hands from round to round, and the words are chosen by masks because four stores would exceed
/// its budget of nodes.
final class VectorPhilox {
    private static final VectorSpecies<Long> S = LongVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final VectorSpecies<Integer> HALF =
            VectorSpecies.of(int.class, VectorShape.forBitSize(L * Integer.SIZE));
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long LOW = 0xFFFF_FFFFL;

    private VectorPhilox() {}

    static Fn3 word(int word) {
        return (seed, stream, counter, out, n) -> {
            int done = vectors(seed, stream, counter, out, n, word);
            Philox.word(seed, stream, counter, out, done, n, word);
        };
    }

    private static int vectors(long seed, long stream, long counter, long out, int n, int word) {
        LongVector low = LongVector.broadcast(S, LOW);
        LongVector m0 = LongVector.broadcast(S, Philox.M0);
        LongVector m1 = LongVector.broadcast(S, Philox.M1);
        LongVector w0 = LongVector.broadcast(S, Philox.W0);
        LongVector w1 = LongVector.broadcast(S, Philox.W1);
        LongVector first = LongVector.broadcast(S, word == 0 ? LOW : 0);
        LongVector second = LongVector.broadcast(S, word == 1 ? LOW : 0);
        LongVector third = LongVector.broadcast(S, word == 2 ? LOW : 0);
        LongVector fourth = LongVector.broadcast(S, word == 3 ? LOW : 0);
        int i = 0;
        for (; i <= n - L; i += L) {
            LongVector a = load(counter + 8L * i);
            LongVector b = a.lanewise(VectorOperators.LSHR, 32);
            LongVector c = load(stream + 8L * i);
            LongVector d = c.lanewise(VectorOperators.LSHR, 32);
            LongVector k = load(seed + 8L * i);
            LongVector l = k.lanewise(VectorOperators.LSHR, 32);
            LongVector p;
            LongVector q;
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            k = k.add(w0);
            l = l.add(w1);
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            k = k.add(w0);
            l = l.add(w1);
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            k = k.add(w0);
            l = l.add(w1);
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            k = k.add(w0);
            l = l.add(w1);
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            k = k.add(w0);
            l = l.add(w1);
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            k = k.add(w0);
            l = l.add(w1);
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            k = k.add(w0);
            l = l.add(w1);
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            k = k.add(w0);
            l = l.add(w1);
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            k = k.add(w0);
            l = l.add(w1);
            p = a.and(low).mul(m0);
            q = c.and(low).mul(m1);
            a = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, k);
            c = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, l);
            b = q;
            d = p;
            LongVector low02 = a.and(first).or(c.and(third));
            LongVector low13 = b.and(second).or(d.and(fourth));
            ((IntVector) low02.or(low13).castShape(HALF, 0)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        return i;
    }

    private static LongVector load(long at) {
        return LongVector.fromMemorySegment(S, ALL, at, ORDER);
    }
}
