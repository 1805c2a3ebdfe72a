package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// Transposes square blocks of one vector's width in registers: log2(width) rounds of exchanges between pairs of
/// rows, each of which is one
/// instruction where a vector has 16 ints. Elsewhere (`SIDE32` is 0) there is no such instruction, and scalar copies
/// are as fast.
public final class Transpose {

    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final MemorySegment ALL = Mem.ALL;
    private static final long MASK = Mem.MASK;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /// The side of a block of 4-byte elements, or 0 if blocks are not to be had.
    static final int SIDE32 = I.length() == 16 ? 16 : 0;
    /// The same for 8-byte elements.
    static final int SIDE64 = SIDE32 / 2;

    private static final IntVector I_LOW8 = ints(8, false);
    private static final IntVector I_HIGH8 = ints(8, true);
    private static final IntVector I_LOW4 = ints(4, false);
    private static final IntVector I_HIGH4 = ints(4, true);
    private static final IntVector I_LOW2 = ints(2, false);
    private static final IntVector I_HIGH2 = ints(2, true);
    private static final IntVector I_LOW1 = ints(1, false);
    private static final IntVector I_HIGH1 = ints(1, true);
    private static final IntVector J_LOW4 = pairs(4, false);
    private static final IntVector J_HIGH4 = pairs(4, true);
    private static final IntVector J_LOW2 = pairs(2, false);
    private static final IntVector J_HIGH2 = pairs(2, true);
    private static final IntVector J_LOW1 = pairs(1, false);
    private static final IntVector J_HIGH1 = pairs(1, true);

    private Transpose() {}

    /// The side of a block of elements of that many bytes, or 0 where there is none.
    public static int side(int bytes) {
        return bytes == 4 ? SIDE32 : bytes == 8 ? SIDE64 : 0;
    }

    /// Which lanes of the pair (first, second) make up the new first or second one in the round of distance `d`.
    private static int lane(int i, int d, boolean high, int lanes) {
        if (high) {
            return (i & d) == 0 ? i + d : lanes + i;
        }
        return (i & d) == 0 ? i : lanes + i - d;
    }

    private static IntVector ints(int d, boolean high) {
        int[] x = new int[I.length()];
        for (int i = 0; i < x.length; i++) {
            x[i] = lane(i, d, high, x.length) % (2 * x.length);
        }
        return IntVector.fromArray(I, x, 0);
    }

    /// Eight-byte elements are pairs of ints: selecting longs from two vectors is not an intrinsic in JDK 25, a
    /// thousand times slower.
    private static IntVector pairs(int d, boolean high) {
        int[] x = new int[I.length()];
        for (int i = 0; i < x.length; i++) {
            x[i] = (2 * lane(i / 2, d, high, x.length / 2) + i % 2) % (2 * x.length);
        }
        return IntVector.fromArray(I, x, 0);
    }

    /// `dst[j][i] = src[i][j]` for `j < len`, from `n` source rows of at least `len` contiguous elements; columns
    /// `n` up to the block's side are
    /// written too, with copies of the last one. Steps are bytes from row to row; `len` is at least the block's side.
    public static void run(int bytes, long src, long step, int n, int len, long dst, long dstStep) {
        int side = side(bytes);
        for (int j = 0; j < len; j += side) {
            int at = Math.min(j, len - side); // the last block overlaps the one before
            if (bytes == 4) {
                block32(src + 4L * at, step, n, dst + at * dstStep, dstStep);
            } else {
                block64(src + 8L * at, step, n, dst + at * dstStep, dstStep);
            }
        }
    }

    private static void block32(long s, long step, int n, long d, long dStep) {
        s &= MASK;
        IntVector a0 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (1 < n ? step : 0) & MASK;
        IntVector a1 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (2 < n ? step : 0) & MASK;
        IntVector a2 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (3 < n ? step : 0) & MASK;
        IntVector a3 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (4 < n ? step : 0) & MASK;
        IntVector a4 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (5 < n ? step : 0) & MASK;
        IntVector a5 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (6 < n ? step : 0) & MASK;
        IntVector a6 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (7 < n ? step : 0) & MASK;
        IntVector a7 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (8 < n ? step : 0) & MASK;
        IntVector a8 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (9 < n ? step : 0) & MASK;
        IntVector a9 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (10 < n ? step : 0) & MASK;
        IntVector a10 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (11 < n ? step : 0) & MASK;
        IntVector a11 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (12 < n ? step : 0) & MASK;
        IntVector a12 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (13 < n ? step : 0) & MASK;
        IntVector a13 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (14 < n ? step : 0) & MASK;
        IntVector a14 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (15 < n ? step : 0) & MASK;
        IntVector a15 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        IntVector b0 = I_LOW8.selectFrom(a0, a8);
        IntVector b8 = I_HIGH8.selectFrom(a0, a8);
        IntVector b1 = I_LOW8.selectFrom(a1, a9);
        IntVector b9 = I_HIGH8.selectFrom(a1, a9);
        IntVector b2 = I_LOW8.selectFrom(a2, a10);
        IntVector b10 = I_HIGH8.selectFrom(a2, a10);
        IntVector b3 = I_LOW8.selectFrom(a3, a11);
        IntVector b11 = I_HIGH8.selectFrom(a3, a11);
        IntVector b4 = I_LOW8.selectFrom(a4, a12);
        IntVector b12 = I_HIGH8.selectFrom(a4, a12);
        IntVector b5 = I_LOW8.selectFrom(a5, a13);
        IntVector b13 = I_HIGH8.selectFrom(a5, a13);
        IntVector b6 = I_LOW8.selectFrom(a6, a14);
        IntVector b14 = I_HIGH8.selectFrom(a6, a14);
        IntVector b7 = I_LOW8.selectFrom(a7, a15);
        IntVector b15 = I_HIGH8.selectFrom(a7, a15);
        IntVector c0 = I_LOW4.selectFrom(b0, b4);
        IntVector c4 = I_HIGH4.selectFrom(b0, b4);
        IntVector c1 = I_LOW4.selectFrom(b1, b5);
        IntVector c5 = I_HIGH4.selectFrom(b1, b5);
        IntVector c2 = I_LOW4.selectFrom(b2, b6);
        IntVector c6 = I_HIGH4.selectFrom(b2, b6);
        IntVector c3 = I_LOW4.selectFrom(b3, b7);
        IntVector c7 = I_HIGH4.selectFrom(b3, b7);
        IntVector c8 = I_LOW4.selectFrom(b8, b12);
        IntVector c12 = I_HIGH4.selectFrom(b8, b12);
        IntVector c9 = I_LOW4.selectFrom(b9, b13);
        IntVector c13 = I_HIGH4.selectFrom(b9, b13);
        IntVector c10 = I_LOW4.selectFrom(b10, b14);
        IntVector c14 = I_HIGH4.selectFrom(b10, b14);
        IntVector c11 = I_LOW4.selectFrom(b11, b15);
        IntVector c15 = I_HIGH4.selectFrom(b11, b15);
        IntVector d0 = I_LOW2.selectFrom(c0, c2);
        IntVector d2 = I_HIGH2.selectFrom(c0, c2);
        IntVector d1 = I_LOW2.selectFrom(c1, c3);
        IntVector d3 = I_HIGH2.selectFrom(c1, c3);
        IntVector d4 = I_LOW2.selectFrom(c4, c6);
        IntVector d6 = I_HIGH2.selectFrom(c4, c6);
        IntVector d5 = I_LOW2.selectFrom(c5, c7);
        IntVector d7 = I_HIGH2.selectFrom(c5, c7);
        IntVector d8 = I_LOW2.selectFrom(c8, c10);
        IntVector d10 = I_HIGH2.selectFrom(c8, c10);
        IntVector d9 = I_LOW2.selectFrom(c9, c11);
        IntVector d11 = I_HIGH2.selectFrom(c9, c11);
        IntVector d12 = I_LOW2.selectFrom(c12, c14);
        IntVector d14 = I_HIGH2.selectFrom(c12, c14);
        IntVector d13 = I_LOW2.selectFrom(c13, c15);
        IntVector d15 = I_HIGH2.selectFrom(c13, c15);
        IntVector e0 = I_LOW1.selectFrom(d0, d1);
        IntVector e1 = I_HIGH1.selectFrom(d0, d1);
        IntVector e2 = I_LOW1.selectFrom(d2, d3);
        IntVector e3 = I_HIGH1.selectFrom(d2, d3);
        IntVector e4 = I_LOW1.selectFrom(d4, d5);
        IntVector e5 = I_HIGH1.selectFrom(d4, d5);
        IntVector e6 = I_LOW1.selectFrom(d6, d7);
        IntVector e7 = I_HIGH1.selectFrom(d6, d7);
        IntVector e8 = I_LOW1.selectFrom(d8, d9);
        IntVector e9 = I_HIGH1.selectFrom(d8, d9);
        IntVector e10 = I_LOW1.selectFrom(d10, d11);
        IntVector e11 = I_HIGH1.selectFrom(d10, d11);
        IntVector e12 = I_LOW1.selectFrom(d12, d13);
        IntVector e13 = I_HIGH1.selectFrom(d12, d13);
        IntVector e14 = I_LOW1.selectFrom(d14, d15);
        IntVector e15 = I_HIGH1.selectFrom(d14, d15);
        d &= MASK;
        e0.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e1.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e2.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e3.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e4.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e5.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e6.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e7.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e8.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e9.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e10.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e11.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e12.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e13.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e14.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        e15.intoMemorySegment(ALL, d, ORDER);
    }

    private static void block64(long s, long step, int n, long d, long dStep) {
        s &= MASK;
        IntVector a0 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (1 < n ? step : 0) & MASK;
        IntVector a1 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (2 < n ? step : 0) & MASK;
        IntVector a2 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (3 < n ? step : 0) & MASK;
        IntVector a3 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (4 < n ? step : 0) & MASK;
        IntVector a4 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (5 < n ? step : 0) & MASK;
        IntVector a5 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (6 < n ? step : 0) & MASK;
        IntVector a6 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        s = s + (7 < n ? step : 0) & MASK;
        IntVector a7 = IntVector.fromMemorySegment(I, ALL, s, ORDER);
        IntVector b0 = J_LOW4.selectFrom(a0, a4);
        IntVector b4 = J_HIGH4.selectFrom(a0, a4);
        IntVector b1 = J_LOW4.selectFrom(a1, a5);
        IntVector b5 = J_HIGH4.selectFrom(a1, a5);
        IntVector b2 = J_LOW4.selectFrom(a2, a6);
        IntVector b6 = J_HIGH4.selectFrom(a2, a6);
        IntVector b3 = J_LOW4.selectFrom(a3, a7);
        IntVector b7 = J_HIGH4.selectFrom(a3, a7);
        IntVector c0 = J_LOW2.selectFrom(b0, b2);
        IntVector c2 = J_HIGH2.selectFrom(b0, b2);
        IntVector c1 = J_LOW2.selectFrom(b1, b3);
        IntVector c3 = J_HIGH2.selectFrom(b1, b3);
        IntVector c4 = J_LOW2.selectFrom(b4, b6);
        IntVector c6 = J_HIGH2.selectFrom(b4, b6);
        IntVector c5 = J_LOW2.selectFrom(b5, b7);
        IntVector c7 = J_HIGH2.selectFrom(b5, b7);
        IntVector d0 = J_LOW1.selectFrom(c0, c1);
        IntVector d1 = J_HIGH1.selectFrom(c0, c1);
        IntVector d2 = J_LOW1.selectFrom(c2, c3);
        IntVector d3 = J_HIGH1.selectFrom(c2, c3);
        IntVector d4 = J_LOW1.selectFrom(c4, c5);
        IntVector d5 = J_HIGH1.selectFrom(c4, c5);
        IntVector d6 = J_LOW1.selectFrom(c6, c7);
        IntVector d7 = J_HIGH1.selectFrom(c6, c7);
        d &= MASK;
        d0.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        d1.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        d2.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        d3.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        d4.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        d5.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        d6.intoMemorySegment(ALL, d, ORDER);
        d = d + dStep & MASK;
        d7.intoMemorySegment(ALL, d, ORDER);
    }
}
