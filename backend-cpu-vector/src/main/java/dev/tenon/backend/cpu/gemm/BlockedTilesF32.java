package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Register tiles of a float matrix product whose operands lie in blocks of channels: `C = A * B` with A
/// `[block][row][LANES]`, the channels of a block being consecutive inner indices, and C `[block][row][LANES]`. B is
/// packed: for two blocks of C a panel `[inner][2 * LANES]`, for a single one `[inner][LANES]`.
///
/// As in [TilesF32] the methods are straight-line and nothing is added to C. Rows are at constant distances of a
/// vector here, not of a number, so there is no code to share; and a tile has at most 8 rows: of 10 loads that may
/// come first C2's scheduler takes so many up front that with 24 sums it has no registers left for them, keeps a sum in
/// memory and loses a quarter (170 GFLOP/s instead of 225). Inner dimensions need no cutting up to 2,048 at least: a
/// panel that has left the first-level cache comes from the second in time.
public final class BlockedTilesF32 {

    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final int SHIFT = Integer.numberOfTrailingZeros(L);
    /// Bytes from row to row.
    private static final long ROW = 4L * L;
    private static final boolean FEW_REGISTERS = System.getProperty("os.arch").equals("amd64") && L < 16;
    /// The most rows of a tile.
    private static final int ROWS = FEW_REGISTERS ? 4 : 8;
    private static final MemorySegment ALL = Mem.ALL;
    private static final long MASK = Mem.MASK;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfFloat ELEMENT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private BlockedTilesF32() {}

    /// Any number of rows of two blocks of C, or of one.
    ///
    /// @param wide whether there are two blocks
    /// @param kc the inner dimension
    /// @param a the address of row 0 of A
    /// @param aBlock bytes from block to block of A
    /// @param b the address of the panel of B
    /// @param c the address of row 0 of C
    /// @param cBlock bytes from block to block of C
    public static void run(int rows, boolean wide, int kc, long a, long aBlock, long b, long c, long cBlock) {
        // Tiles of about the same height: those of few rows wait for their sums.
        for (int tiles = (rows + ROWS - 1) / ROWS; tiles > 0; tiles--) {
            int n = (rows + tiles - 1) / tiles;
            if (wide) {
                wide(n, kc, a, aBlock, b, c, cBlock);
            } else {
                narrow(n, kc, a, aBlock, b, c);
            }
            rows -= n;
            a += n * ROW;
            c += n * ROW;
        }
    }

    private static void wide(int rows, int kc, long a, long aBlock, long b, long c, long cBlock) {
        switch (rows) {
            case 8 -> tile8x2(kc, a, aBlock, b, c, cBlock);
            case 7 -> tile7x2(kc, a, aBlock, b, c, cBlock);
            case 6 -> tile6x2(kc, a, aBlock, b, c, cBlock);
            case 5 -> tile5x2(kc, a, aBlock, b, c, cBlock);
            case 4 -> tile4x2(kc, a, aBlock, b, c, cBlock);
            case 3 -> tile3x2(kc, a, aBlock, b, c, cBlock);
            case 2 -> tile2x2(kc, a, aBlock, b, c, cBlock);
            default -> tile1x2(kc, a, aBlock, b, c, cBlock);
        }
    }

    private static void narrow(int rows, int kc, long a, long aBlock, long b, long c) {
        switch (rows) {
            case 8 -> tile8x1(kc, a, aBlock, b, c);
            case 7 -> tile7x1(kc, a, aBlock, b, c);
            case 6 -> tile6x1(kc, a, aBlock, b, c);
            case 5 -> tile5x1(kc, a, aBlock, b, c);
            case 4 -> tile4x1(kc, a, aBlock, b, c);
            case 3 -> tile3x1(kc, a, aBlock, b, c);
            case 2 -> tile2x1(kc, a, aBlock, b, c);
            default -> tile1x1(kc, a, aBlock, b, c);
        }
    }

    private static void tile8x2(int kc, long a, long aBlock, long b, long c, long cBlock) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c0b = z, c1a = z, c1b = z, c2a = z, c2b = z, c3a = z, c3b = z;
        FloatVector c4a = z, c4b = z, c5a = z, c5b = z, c6a = z, c6b = z, c7a = z, c7b = z;
        for (int k = 0; k < kc; k++, b += 8L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + 4L * L, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            c2b = f.fma(y, c2b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
            c3b = f.fma(y, c3b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4 * ROW));
            c4a = f.fma(x, c4a);
            c4b = f.fma(y, c4b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 5 * ROW));
            c5a = f.fma(x, c5a);
            c5b = f.fma(y, c5b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 6 * ROW));
            c6a = f.fma(x, c6a);
            c6b = f.fma(y, c6b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 7 * ROW));
            c7a = f.fma(x, c7a);
            c7b = f.fma(y, c7b);
        }
        long r = c & MASK;
        long s = c + cBlock & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, s, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c1b.intoMemorySegment(ALL, s + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c2b.intoMemorySegment(ALL, s + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
        c3b.intoMemorySegment(ALL, s + 3 * ROW, ORDER);
        c4a.intoMemorySegment(ALL, r + 4 * ROW, ORDER);
        c4b.intoMemorySegment(ALL, s + 4 * ROW, ORDER);
        c5a.intoMemorySegment(ALL, r + 5 * ROW, ORDER);
        c5b.intoMemorySegment(ALL, s + 5 * ROW, ORDER);
        c6a.intoMemorySegment(ALL, r + 6 * ROW, ORDER);
        c6b.intoMemorySegment(ALL, s + 6 * ROW, ORDER);
        c7a.intoMemorySegment(ALL, r + 7 * ROW, ORDER);
        c7b.intoMemorySegment(ALL, s + 7 * ROW, ORDER);
    }

    private static void tile7x2(int kc, long a, long aBlock, long b, long c, long cBlock) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c0b = z, c1a = z, c1b = z, c2a = z, c2b = z, c3a = z, c3b = z;
        FloatVector c4a = z, c4b = z, c5a = z, c5b = z, c6a = z, c6b = z;
        for (int k = 0; k < kc; k++, b += 8L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + 4L * L, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            c2b = f.fma(y, c2b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
            c3b = f.fma(y, c3b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4 * ROW));
            c4a = f.fma(x, c4a);
            c4b = f.fma(y, c4b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 5 * ROW));
            c5a = f.fma(x, c5a);
            c5b = f.fma(y, c5b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 6 * ROW));
            c6a = f.fma(x, c6a);
            c6b = f.fma(y, c6b);
        }
        long r = c & MASK;
        long s = c + cBlock & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, s, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c1b.intoMemorySegment(ALL, s + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c2b.intoMemorySegment(ALL, s + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
        c3b.intoMemorySegment(ALL, s + 3 * ROW, ORDER);
        c4a.intoMemorySegment(ALL, r + 4 * ROW, ORDER);
        c4b.intoMemorySegment(ALL, s + 4 * ROW, ORDER);
        c5a.intoMemorySegment(ALL, r + 5 * ROW, ORDER);
        c5b.intoMemorySegment(ALL, s + 5 * ROW, ORDER);
        c6a.intoMemorySegment(ALL, r + 6 * ROW, ORDER);
        c6b.intoMemorySegment(ALL, s + 6 * ROW, ORDER);
    }

    private static void tile6x2(int kc, long a, long aBlock, long b, long c, long cBlock) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c0b = z, c1a = z, c1b = z, c2a = z, c2b = z, c3a = z, c3b = z;
        FloatVector c4a = z, c4b = z, c5a = z, c5b = z;
        for (int k = 0; k < kc; k++, b += 8L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + 4L * L, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            c2b = f.fma(y, c2b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
            c3b = f.fma(y, c3b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4 * ROW));
            c4a = f.fma(x, c4a);
            c4b = f.fma(y, c4b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 5 * ROW));
            c5a = f.fma(x, c5a);
            c5b = f.fma(y, c5b);
        }
        long r = c & MASK;
        long s = c + cBlock & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, s, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c1b.intoMemorySegment(ALL, s + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c2b.intoMemorySegment(ALL, s + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
        c3b.intoMemorySegment(ALL, s + 3 * ROW, ORDER);
        c4a.intoMemorySegment(ALL, r + 4 * ROW, ORDER);
        c4b.intoMemorySegment(ALL, s + 4 * ROW, ORDER);
        c5a.intoMemorySegment(ALL, r + 5 * ROW, ORDER);
        c5b.intoMemorySegment(ALL, s + 5 * ROW, ORDER);
    }

    private static void tile5x2(int kc, long a, long aBlock, long b, long c, long cBlock) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c0b = z, c1a = z, c1b = z, c2a = z, c2b = z, c3a = z, c3b = z;
        FloatVector c4a = z, c4b = z;
        for (int k = 0; k < kc; k++, b += 8L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + 4L * L, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            c2b = f.fma(y, c2b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
            c3b = f.fma(y, c3b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4 * ROW));
            c4a = f.fma(x, c4a);
            c4b = f.fma(y, c4b);
        }
        long r = c & MASK;
        long s = c + cBlock & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, s, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c1b.intoMemorySegment(ALL, s + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c2b.intoMemorySegment(ALL, s + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
        c3b.intoMemorySegment(ALL, s + 3 * ROW, ORDER);
        c4a.intoMemorySegment(ALL, r + 4 * ROW, ORDER);
        c4b.intoMemorySegment(ALL, s + 4 * ROW, ORDER);
    }

    private static void tile4x2(int kc, long a, long aBlock, long b, long c, long cBlock) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c0b = z, c1a = z, c1b = z, c2a = z, c2b = z, c3a = z, c3b = z;
        for (int k = 0; k < kc; k++, b += 8L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + 4L * L, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            c2b = f.fma(y, c2b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
            c3b = f.fma(y, c3b);
        }
        long r = c & MASK;
        long s = c + cBlock & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, s, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c1b.intoMemorySegment(ALL, s + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c2b.intoMemorySegment(ALL, s + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
        c3b.intoMemorySegment(ALL, s + 3 * ROW, ORDER);
    }

    private static void tile3x2(int kc, long a, long aBlock, long b, long c, long cBlock) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c0b = z, c1a = z, c1b = z, c2a = z, c2b = z;
        for (int k = 0; k < kc; k++, b += 8L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + 4L * L, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            c2b = f.fma(y, c2b);
        }
        long r = c & MASK;
        long s = c + cBlock & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, s, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c1b.intoMemorySegment(ALL, s + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c2b.intoMemorySegment(ALL, s + 2 * ROW, ORDER);
    }

    private static void tile2x2(int kc, long a, long aBlock, long b, long c, long cBlock) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c0b = z, c1a = z, c1b = z;
        for (int k = 0; k < kc; k++, b += 8L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + 4L * L, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            c1b = f.fma(y, c1b);
        }
        long r = c & MASK;
        long s = c + cBlock & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, s, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c1b.intoMemorySegment(ALL, s + ROW, ORDER);
    }

    private static void tile1x2(int kc, long a, long aBlock, long b, long c, long cBlock) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c0b = z;
        for (int k = 0; k < kc; k++, b += 8L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + 4L * L, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            c0b = f.fma(y, c0b);
        }
        long r = c & MASK;
        long s = c + cBlock & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c0b.intoMemorySegment(ALL, s, ORDER);
    }

    private static void tile8x1(int kc, long a, long aBlock, long b, long c) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c1a = z, c2a = z, c3a = z, c4a = z, c5a = z, c6a = z, c7a = z;
        for (int k = 0; k < kc; k++, b += 4L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4 * ROW));
            c4a = f.fma(x, c4a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 5 * ROW));
            c5a = f.fma(x, c5a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 6 * ROW));
            c6a = f.fma(x, c6a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 7 * ROW));
            c7a = f.fma(x, c7a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
        c4a.intoMemorySegment(ALL, r + 4 * ROW, ORDER);
        c5a.intoMemorySegment(ALL, r + 5 * ROW, ORDER);
        c6a.intoMemorySegment(ALL, r + 6 * ROW, ORDER);
        c7a.intoMemorySegment(ALL, r + 7 * ROW, ORDER);
    }

    private static void tile7x1(int kc, long a, long aBlock, long b, long c) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c1a = z, c2a = z, c3a = z, c4a = z, c5a = z, c6a = z;
        for (int k = 0; k < kc; k++, b += 4L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4 * ROW));
            c4a = f.fma(x, c4a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 5 * ROW));
            c5a = f.fma(x, c5a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 6 * ROW));
            c6a = f.fma(x, c6a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
        c4a.intoMemorySegment(ALL, r + 4 * ROW, ORDER);
        c5a.intoMemorySegment(ALL, r + 5 * ROW, ORDER);
        c6a.intoMemorySegment(ALL, r + 6 * ROW, ORDER);
    }

    private static void tile6x1(int kc, long a, long aBlock, long b, long c) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c1a = z, c2a = z, c3a = z, c4a = z, c5a = z;
        for (int k = 0; k < kc; k++, b += 4L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4 * ROW));
            c4a = f.fma(x, c4a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 5 * ROW));
            c5a = f.fma(x, c5a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
        c4a.intoMemorySegment(ALL, r + 4 * ROW, ORDER);
        c5a.intoMemorySegment(ALL, r + 5 * ROW, ORDER);
    }

    private static void tile5x1(int kc, long a, long aBlock, long b, long c) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c1a = z, c2a = z, c3a = z, c4a = z;
        for (int k = 0; k < kc; k++, b += 4L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4 * ROW));
            c4a = f.fma(x, c4a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
        c4a.intoMemorySegment(ALL, r + 4 * ROW, ORDER);
    }

    private static void tile4x1(int kc, long a, long aBlock, long b, long c) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c1a = z, c2a = z, c3a = z;
        for (int k = 0; k < kc; k++, b += 4L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 3 * ROW));
            c3a = f.fma(x, c3a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
        c3a.intoMemorySegment(ALL, r + 3 * ROW, ORDER);
    }

    private static void tile3x1(int kc, long a, long aBlock, long b, long c) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c1a = z, c2a = z;
        for (int k = 0; k < kc; k++, b += 4L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 2 * ROW));
            c2a = f.fma(x, c2a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
        c2a.intoMemorySegment(ALL, r + 2 * ROW, ORDER);
    }

    private static void tile2x1(int kc, long a, long aBlock, long b, long c) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z, c1a = z;
        for (int k = 0; k < kc; k++, b += 4L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + ROW));
            c1a = f.fma(x, c1a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
        c1a.intoMemorySegment(ALL, r + ROW, ORDER);
    }

    private static void tile1x1(int kc, long a, long aBlock, long b, long c) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c0a = z;
        for (int k = 0; k < kc; k++, b += 4L * L) {
            long p = a + (k >> SHIFT) * aBlock + ((k & L - 1) << 2) & MASK;
            long q = b & MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            FloatVector f;
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            c0a = f.fma(x, c0a);
        }
        long r = c & MASK;
        c0a.intoMemorySegment(ALL, r, ORDER);
    }
}
