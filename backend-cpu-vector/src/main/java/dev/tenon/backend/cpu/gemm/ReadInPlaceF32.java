package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Register tiles like those of [TilesF32] whose right operand is read in place, by a table of distances: 12, 6, 4,
/// 3, 2 or 1 rows by two vectors, which need not be side by side where they come from.
final class ReadInPlaceF32 {

    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    /// Rows of a tile that leave a register for each vector.
    private static final int MOST = System.getProperty("os.arch").equals("amd64") && L < 16 ? 6 : 12;
    private static final MemorySegment ALL = Mem.ALL;
    private static final long MASK = Mem.MASK;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfFloat ELEMENT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private ReadInPlaceF32() {}

    /// See [GemmKernel#tileInPlace].
    static void run(int rows, long a, long[] offsets, long x, long y, long c, long cStep) {
        long aStep = 4L * rows;
        while (rows > 0) {
            int n = rows >= MOST ? MOST : rows >= 9 || rows == 6 ? 6 : rows >= 4 ? 4 : rows;
            switch (n) {
                case 12 -> tile12(a, aStep, offsets, x, y, c, cStep);
                case 6 -> tile6(a, aStep, offsets, x, y, c, cStep);
                case 4 -> tile4(a, aStep, offsets, x, y, c, cStep);
                case 3 -> tile3(a, aStep, offsets, x, y, c, cStep);
                case 2 -> tile2(a, aStep, offsets, x, y, c, cStep);
                default -> tile1(a, aStep, offsets, x, y, c, cStep);
            }
            rows -= n;
            a += 4L * n;
            c += n * cStep;
        }
    }

    private static void tile12(long a, long aStep, long[] offsets, long x, long y, long c, long cStep) {
        FloatVector z = FloatVector.zero(S);
        FloatVector x0 = z, x1 = z, x2 = z, x3 = z, x4 = z, x5 = z, y0 = z, y1 = z, y2 = z, y3 = z, y4 = z, y5 = z;
        FloatVector x6 = z, x7 = z, x8 = z, x9 = z, x10 = z, x11 = z, y6 = z, y7 = z, y8 = z, y9 = z, y10 = z, y11 = z;
        for (int k = 0; k < offsets.length; k++, a += aStep) {
            long p = a & MASK;
            FloatVector u = FloatVector.fromMemorySegment(S, ALL, x + offsets[k] & MASK, ORDER);
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, y + offsets[k] & MASK, ORDER);
            FloatVector f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            x0 = f.fma(u, x0);
            y0 = f.fma(v, y0);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4));
            x1 = f.fma(u, x1);
            y1 = f.fma(v, y1);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            x2 = f.fma(u, x2);
            y2 = f.fma(v, y2);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 12));
            x3 = f.fma(u, x3);
            y3 = f.fma(v, y3);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 16));
            x4 = f.fma(u, x4);
            y4 = f.fma(v, y4);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 20));
            x5 = f.fma(u, x5);
            y5 = f.fma(v, y5);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 24));
            x6 = f.fma(u, x6);
            y6 = f.fma(v, y6);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 28));
            x7 = f.fma(u, x7);
            y7 = f.fma(v, y7);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 32));
            x8 = f.fma(u, x8);
            y8 = f.fma(v, y8);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 36));
            x9 = f.fma(u, x9);
            y9 = f.fma(v, y9);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 40));
            x10 = f.fma(u, x10);
            y10 = f.fma(v, y10);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 44));
            x11 = f.fma(u, x11);
            y11 = f.fma(v, y11);
        }
        long q = c & MASK;
        x0.intoMemorySegment(ALL, q, ORDER);
        y0.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x1.intoMemorySegment(ALL, q, ORDER);
        y1.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x2.intoMemorySegment(ALL, q, ORDER);
        y2.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x3.intoMemorySegment(ALL, q, ORDER);
        y3.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x4.intoMemorySegment(ALL, q, ORDER);
        y4.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x5.intoMemorySegment(ALL, q, ORDER);
        y5.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x6.intoMemorySegment(ALL, q, ORDER);
        y6.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x7.intoMemorySegment(ALL, q, ORDER);
        y7.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x8.intoMemorySegment(ALL, q, ORDER);
        y8.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x9.intoMemorySegment(ALL, q, ORDER);
        y9.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x10.intoMemorySegment(ALL, q, ORDER);
        y10.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x11.intoMemorySegment(ALL, q, ORDER);
        y11.intoMemorySegment(ALL, q + 4L * L, ORDER);
    }

    private static void tile6(long a, long aStep, long[] offsets, long x, long y, long c, long cStep) {
        FloatVector z = FloatVector.zero(S);
        FloatVector x0 = z, x1 = z, x2 = z, x3 = z, x4 = z, x5 = z, y0 = z, y1 = z, y2 = z, y3 = z, y4 = z, y5 = z;
        for (int k = 0; k < offsets.length; k++, a += aStep) {
            long p = a & MASK;
            FloatVector u = FloatVector.fromMemorySegment(S, ALL, x + offsets[k] & MASK, ORDER);
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, y + offsets[k] & MASK, ORDER);
            FloatVector f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            x0 = f.fma(u, x0);
            y0 = f.fma(v, y0);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4));
            x1 = f.fma(u, x1);
            y1 = f.fma(v, y1);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            x2 = f.fma(u, x2);
            y2 = f.fma(v, y2);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 12));
            x3 = f.fma(u, x3);
            y3 = f.fma(v, y3);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 16));
            x4 = f.fma(u, x4);
            y4 = f.fma(v, y4);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 20));
            x5 = f.fma(u, x5);
            y5 = f.fma(v, y5);
        }
        long q = c & MASK;
        x0.intoMemorySegment(ALL, q, ORDER);
        y0.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x1.intoMemorySegment(ALL, q, ORDER);
        y1.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x2.intoMemorySegment(ALL, q, ORDER);
        y2.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x3.intoMemorySegment(ALL, q, ORDER);
        y3.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x4.intoMemorySegment(ALL, q, ORDER);
        y4.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x5.intoMemorySegment(ALL, q, ORDER);
        y5.intoMemorySegment(ALL, q + 4L * L, ORDER);
    }

    private static void tile4(long a, long aStep, long[] offsets, long x, long y, long c, long cStep) {
        FloatVector z = FloatVector.zero(S);
        FloatVector x0 = z, x1 = z, x2 = z, x3 = z, y0 = z, y1 = z, y2 = z, y3 = z;
        for (int k = 0; k < offsets.length; k++, a += aStep) {
            long p = a & MASK;
            FloatVector u = FloatVector.fromMemorySegment(S, ALL, x + offsets[k] & MASK, ORDER);
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, y + offsets[k] & MASK, ORDER);
            FloatVector f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            x0 = f.fma(u, x0);
            y0 = f.fma(v, y0);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4));
            x1 = f.fma(u, x1);
            y1 = f.fma(v, y1);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            x2 = f.fma(u, x2);
            y2 = f.fma(v, y2);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 12));
            x3 = f.fma(u, x3);
            y3 = f.fma(v, y3);
        }
        long q = c & MASK;
        x0.intoMemorySegment(ALL, q, ORDER);
        y0.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x1.intoMemorySegment(ALL, q, ORDER);
        y1.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x2.intoMemorySegment(ALL, q, ORDER);
        y2.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x3.intoMemorySegment(ALL, q, ORDER);
        y3.intoMemorySegment(ALL, q + 4L * L, ORDER);
    }

    private static void tile3(long a, long aStep, long[] offsets, long x, long y, long c, long cStep) {
        FloatVector z = FloatVector.zero(S);
        FloatVector x0 = z, x1 = z, x2 = z, y0 = z, y1 = z, y2 = z;
        for (int k = 0; k < offsets.length; k++, a += aStep) {
            long p = a & MASK;
            FloatVector u = FloatVector.fromMemorySegment(S, ALL, x + offsets[k] & MASK, ORDER);
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, y + offsets[k] & MASK, ORDER);
            FloatVector f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            x0 = f.fma(u, x0);
            y0 = f.fma(v, y0);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4));
            x1 = f.fma(u, x1);
            y1 = f.fma(v, y1);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 8));
            x2 = f.fma(u, x2);
            y2 = f.fma(v, y2);
        }
        long q = c & MASK;
        x0.intoMemorySegment(ALL, q, ORDER);
        y0.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x1.intoMemorySegment(ALL, q, ORDER);
        y1.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x2.intoMemorySegment(ALL, q, ORDER);
        y2.intoMemorySegment(ALL, q + 4L * L, ORDER);
    }

    private static void tile2(long a, long aStep, long[] offsets, long x, long y, long c, long cStep) {
        FloatVector z = FloatVector.zero(S);
        FloatVector x0 = z, x1 = z, y0 = z, y1 = z;
        for (int k = 0; k < offsets.length; k++, a += aStep) {
            long p = a & MASK;
            FloatVector u = FloatVector.fromMemorySegment(S, ALL, x + offsets[k] & MASK, ORDER);
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, y + offsets[k] & MASK, ORDER);
            FloatVector f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            x0 = f.fma(u, x0);
            y0 = f.fma(v, y0);
            f = FloatVector.broadcast(S, ALL.get(ELEMENT, p + 4));
            x1 = f.fma(u, x1);
            y1 = f.fma(v, y1);
        }
        long q = c & MASK;
        x0.intoMemorySegment(ALL, q, ORDER);
        y0.intoMemorySegment(ALL, q + 4L * L, ORDER);
        q = q + cStep & MASK;
        x1.intoMemorySegment(ALL, q, ORDER);
        y1.intoMemorySegment(ALL, q + 4L * L, ORDER);
    }

    private static void tile1(long a, long aStep, long[] offsets, long x, long y, long c, long cStep) {
        FloatVector z = FloatVector.zero(S);
        FloatVector x0 = z, y0 = z;
        for (int k = 0; k < offsets.length; k++, a += aStep) {
            long p = a & MASK;
            FloatVector u = FloatVector.fromMemorySegment(S, ALL, x + offsets[k] & MASK, ORDER);
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, y + offsets[k] & MASK, ORDER);
            FloatVector f = FloatVector.broadcast(S, ALL.get(ELEMENT, p));
            x0 = f.fma(u, x0);
            y0 = f.fma(v, y0);
        }
        long q = c & MASK;
        x0.intoMemorySegment(ALL, q, ORDER);
        y0.intoMemorySegment(ALL, q + 4L * L, ORDER);
    }
}
