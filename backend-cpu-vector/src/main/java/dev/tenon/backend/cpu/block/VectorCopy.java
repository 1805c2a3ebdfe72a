package dev.tenon.backend.cpu.block;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorSpecies;

/// Copies within the method that needs them, so that the processor reads the next rows while it waits for one.
final class VectorCopy {
    private static final VectorSpecies<Byte> S = ByteVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private VectorCopy() {}

    /// At least four vectors; the last four may copy some bytes again.
    static void run(long from, long to, long bytes) {
        int last = (int) bytes - 4 * L;
        for (int i = 0; i < last; i += 4 * L) {
            four(from + i, to + i);
        }
        four(from + last, to + last);
    }

    private static void four(long from, long to) {
        long p = from & Mem.MASK;
        long q = to & Mem.MASK;
        ByteVector a = ByteVector.fromMemorySegment(S, ALL, p, ORDER);
        ByteVector b = ByteVector.fromMemorySegment(S, ALL, p + L, ORDER);
        ByteVector c = ByteVector.fromMemorySegment(S, ALL, p + 2 * L, ORDER);
        ByteVector d = ByteVector.fromMemorySegment(S, ALL, p + 3 * L, ORDER);
        a.intoMemorySegment(ALL, q, ORDER);
        b.intoMemorySegment(ALL, q + L, ORDER);
        c.intoMemorySegment(ALL, q + 2 * L, ORDER);
        d.intoMemorySegment(ALL, q + 3 * L, ORDER);
    }
}
