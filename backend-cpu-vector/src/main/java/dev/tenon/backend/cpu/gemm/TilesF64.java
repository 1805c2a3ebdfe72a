package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/// Register tiles of a double matrix product: 12, 6, 4, 2 or 1 rows by 2 or 1 vectors, written to C straight from
/// the registers.
///
/// These methods are straight-line on purpose. C2 stops inlining when a method's node budget is spent, and then each
/// vector is an object
/// and the product a hundred times slower; look for `failed` in `-XX:+PrintInlining` after any change.
/// C1 has a limit as well: a tile of 24 vectors that also adds to C is too long for it (`COMPILE SKIPPED` in
/// `-XX:+PrintCompilation`), so the
/// method is never profiled and C2 never sees it. So adding is another method's work. A masked address
/// ([Mem#MASK]) needs no bounds check, and one mask serves all accesses at a constant distance from it.
final class TilesF64 {

    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final long MASK = Mem.MASK;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfDouble ELEMENT = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private TilesF64() {}

    /// Any number of rows by two vectors, or one.
    static void run(int rows, boolean wide, int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        while (rows > 0) {
            int n = rows >= 12 ? 12 : rows >= 6 ? 6 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
            if (wide) {
                wide(n, kc, a, aStep, b, bStep, c, cStep);
            } else {
                narrow(n, kc, a, aStep, b, bStep, c, cStep);
            }
            rows -= n;
            a += 8L * n;
            c += n * cStep;
        }
    }

    private static void wide(int rows, int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        switch (rows) {
            case 12 -> tile12x2(kc, a, aStep, b, bStep, c, cStep);
            case 6 -> tile6x2(kc, a, aStep, b, bStep, c, cStep);
            case 4 -> tile4x2(kc, a, aStep, b, bStep, c, cStep);
            case 2 -> tile2x2(kc, a, aStep, b, bStep, c, cStep);
            default -> tile1x2(kc, a, aStep, b, bStep, c, cStep);
        }
    }

    private static void narrow(int rows, int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        switch (rows) {
            case 12 -> tile12x1(kc, a, aStep, b, bStep, c, cStep);
            case 6 -> tile6x1(kc, a, aStep, b, bStep, c, cStep);
            case 4 -> tile4x1(kc, a, aStep, b, bStep, c, cStep);
            case 2 -> tile2x1(kc, a, aStep, b, bStep, c, cStep);
            default -> tile1x1(kc, a, aStep, b, bStep, c, cStep);
        }
    }

    private static void tile12x2(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z, c0b = z, c1a = z, c1b = z, c2a = z, c2b = z, c3a = z, c3b = z;
        DoubleVector c4a = z, c4b = z, c5a = z, c5b = z, c6a = z, c6b = z, c7a = z, c7b = z;
        DoubleVector c8a = z, c8b = z, c9a = z, c9b = z, c10a = z, c10b = z, c11a = z, c11b = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, q + 8L * L, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 16));
            c2a = f.fma(x, c2a);
            c2b = f.fma(y, c2b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 24));
            c3a = f.fma(x, c3a);
            c3b = f.fma(y, c3b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 32));
            c4a = f.fma(x, c4a);
            c4b = f.fma(y, c4b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 40));
            c5a = f.fma(x, c5a);
            c5b = f.fma(y, c5b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 48));
            c6a = f.fma(x, c6a);
            c6b = f.fma(y, c6b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 56));
            c7a = f.fma(x, c7a);
            c7b = f.fma(y, c7b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 64));
            c8a = f.fma(x, c8a);
            c8b = f.fma(y, c8b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 72));
            c9a = f.fma(x, c9a);
            c9b = f.fma(y, c9b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 80));
            c10a = f.fma(x, c10a);
            c10b = f.fma(y, c10b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 88));
            c11a = f.fma(x, c11a);
            c11b = f.fma(y, c11b);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c1a.intoMemorySegment(ALL, r, ORDER);
        c1b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c2a.intoMemorySegment(ALL, r, ORDER);
        c2b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c3a.intoMemorySegment(ALL, r, ORDER);
        c3b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c4a.intoMemorySegment(ALL, r, ORDER);
        c4b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c5a.intoMemorySegment(ALL, r, ORDER);
        c5b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c6a.intoMemorySegment(ALL, r, ORDER);
        c6b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c7a.intoMemorySegment(ALL, r, ORDER);
        c7b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c8a.intoMemorySegment(ALL, r, ORDER);
        c8b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c9a.intoMemorySegment(ALL, r, ORDER);
        c9b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c10a.intoMemorySegment(ALL, r, ORDER);
        c10b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c11a.intoMemorySegment(ALL, r, ORDER);
        c11b.intoMemorySegment(ALL, r + 8L * L, ORDER);
    }

    private static void tile6x2(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z, c0b = z, c1a = z, c1b = z, c2a = z, c2b = z, c3a = z, c3b = z;
        DoubleVector c4a = z, c4b = z, c5a = z, c5b = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, q + 8L * L, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 16));
            c2a = f.fma(x, c2a);
            c2b = f.fma(y, c2b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 24));
            c3a = f.fma(x, c3a);
            c3b = f.fma(y, c3b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 32));
            c4a = f.fma(x, c4a);
            c4b = f.fma(y, c4b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 40));
            c5a = f.fma(x, c5a);
            c5b = f.fma(y, c5b);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c1a.intoMemorySegment(ALL, r, ORDER);
        c1b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c2a.intoMemorySegment(ALL, r, ORDER);
        c2b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c3a.intoMemorySegment(ALL, r, ORDER);
        c3b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c4a.intoMemorySegment(ALL, r, ORDER);
        c4b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c5a.intoMemorySegment(ALL, r, ORDER);
        c5b.intoMemorySegment(ALL, r + 8L * L, ORDER);
    }

    private static void tile4x2(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z, c0b = z, c1a = z, c1b = z, c2a = z, c2b = z, c3a = z, c3b = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, q + 8L * L, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 16));
            c2a = f.fma(x, c2a);
            c2b = f.fma(y, c2b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 24));
            c3a = f.fma(x, c3a);
            c3b = f.fma(y, c3b);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c1a.intoMemorySegment(ALL, r, ORDER);
        c1b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c2a.intoMemorySegment(ALL, r, ORDER);
        c2b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c3a.intoMemorySegment(ALL, r, ORDER);
        c3b.intoMemorySegment(ALL, r + 8L * L, ORDER);
    }

    private static void tile2x2(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z, c0b = z, c1a = z, c1b = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, q + 8L * L, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, r + 8L * L, ORDER);
        r = r + cStep & MASK;
        c1a.intoMemorySegment(ALL, r, ORDER);
        c1b.intoMemorySegment(ALL, r + 8L * L, ORDER);
    }

    private static void tile1x2(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z, c0b = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, q + 8L * L, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, r + 8L * L, ORDER);
    }

    private static void tile12x1(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z, c1a = z, c2a = z, c3a = z, c4a = z, c5a = z, c6a = z, c7a = z;
        DoubleVector c8a = z, c9a = z, c10a = z, c11a = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            c1a = f.fma(x, c1a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 16));
            c2a = f.fma(x, c2a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 24));
            c3a = f.fma(x, c3a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 32));
            c4a = f.fma(x, c4a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 40));
            c5a = f.fma(x, c5a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 48));
            c6a = f.fma(x, c6a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 56));
            c7a = f.fma(x, c7a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 64));
            c8a = f.fma(x, c8a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 72));
            c9a = f.fma(x, c9a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 80));
            c10a = f.fma(x, c10a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 88));
            c11a = f.fma(x, c11a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c1a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c2a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c3a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c4a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c5a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c6a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c7a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c8a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c9a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c10a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c11a.intoMemorySegment(ALL, r, ORDER);
    }

    private static void tile6x1(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z, c1a = z, c2a = z, c3a = z, c4a = z, c5a = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            c1a = f.fma(x, c1a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 16));
            c2a = f.fma(x, c2a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 24));
            c3a = f.fma(x, c3a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 32));
            c4a = f.fma(x, c4a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 40));
            c5a = f.fma(x, c5a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c1a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c2a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c3a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c4a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c5a.intoMemorySegment(ALL, r, ORDER);
    }

    private static void tile4x1(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z, c1a = z, c2a = z, c3a = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            c1a = f.fma(x, c1a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 16));
            c2a = f.fma(x, c2a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 24));
            c3a = f.fma(x, c3a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c1a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c2a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c3a.intoMemorySegment(ALL, r, ORDER);
    }

    private static void tile2x1(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z, c1a = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            c1a = f.fma(x, c1a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c1a.intoMemorySegment(ALL, r, ORDER);
    }

    private static void tile1x1(int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0a = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            long q = b & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
            DoubleVector f;
            f = DoubleVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
    }

    /// Any number of rows, `aRow` bytes apart, by one vector. An address that is made from the one before costs as much
    /// as a multiply-add of one vector hides; of two vectors it would be half as fast as a packed panel.
    static void rows(int rows, int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cStep) {
        while (rows > 0) {
            int n = rows >= 12 ? 12 : rows >= 4 ? 4 : 1;
            switch (n) {
                case 12 -> rows12(kc, a, aRow, aStep, b, bStep, c, cStep);
                case 4 -> rows4(kc, a, aRow, aStep, b, bStep, c, cStep);
                default -> tile1x1(kc, a, aStep, b, bStep, c, cStep);
            }
            rows -= n;
            a += n * aRow;
            c += n * cStep;
        }
    }

    private static void rows12(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0 = z, c1 = z, c2 = z, c3 = z, c4 = z, c5 = z, c6 = z, c7 = z;
        DoubleVector c8 = z, c9 = z, c10 = z, c11 = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, b & MASK, ORDER);
            c0 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c0);
            p = p + aRow & MASK;
            c1 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c1);
            p = p + aRow & MASK;
            c2 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c2);
            p = p + aRow & MASK;
            c3 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c3);
            p = p + aRow & MASK;
            c4 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c4);
            p = p + aRow & MASK;
            c5 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c5);
            p = p + aRow & MASK;
            c6 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c6);
            p = p + aRow & MASK;
            c7 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c7);
            p = p + aRow & MASK;
            c8 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c8);
            p = p + aRow & MASK;
            c9 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c9);
            p = p + aRow & MASK;
            c10 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c10);
            p = p + aRow & MASK;
            c11 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c11);
        }
        long r = c & MASK;
        c0.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c1.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c2.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c3.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c4.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c5.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c6.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c7.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c8.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c9.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c10.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c11.intoMemorySegment(ALL, r, ORDER);
    }

    private static void rows4(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cStep) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c0 = z, c1 = z, c2 = z, c3 = z;
        for (int k = 0; k < kc; k++, a += aStep, b += bStep) {
            long p = a & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, b & MASK, ORDER);
            c0 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c0);
            p = p + aRow & MASK;
            c1 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c1);
            p = p + aRow & MASK;
            c2 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c2);
            p = p + aRow & MASK;
            c3 = DoubleVector.broadcast(S, ALL.get(ELEMENT, p)).fma(x, c3);
        }
        long r = c & MASK;
        c0.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c1.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c2.intoMemorySegment(ALL, r, ORDER);
        r = r + cStep & MASK;
        c3.intoMemorySegment(ALL, r, ORDER);
    }
}
