package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.math.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// The pieces of a float matrix product with the Vector API: a tile of 12 rows by 2 vectors ([TilesF32]), or of 6
/// where there are but 16 registers.
final class VectorGemmF32 extends ScalarGemm {

    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
    private static final int MR = X86 && L < 16 ? 6 : 12;
    private static final int NR = 2 * L;
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    /// Whether lanes that are masked off are not read at all; elsewhere a masked load may touch a page that does not
    /// exist.
    private static final boolean MASKED_LOADS = X86;

    private VectorGemmF32() {
        super(4);
    }

    static GemmKernel create() {
        return new VectorGemmF32();
    }

    @Override
    public int mr() {
        return MR;
    }

    @Override
    public int nr() {
        return NR;
    }

    @Override
    public void tile(int rows, boolean wide, int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        TilesF32.run(rows, wide, kc, a, aStep, b, bStep, c, cStep);
    }

    @Override
    public void narrow(int rows, int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cStep) {
        TilesF32.rows(rows, kc, a, aRow, aStep, b, bStep, c, cStep);
    }

    @Override
    public void tileInPlace(int rows, long a, long[] offsets, long x, long y, long c, long cStep) {
        ReadInPlaceF32.run(rows, a, offsets, x, y, c, cStep);
    }

    @Override
    public void store(long tile, int firstCol, long c, long rowBytes, long colBytes, int rows, int cols, boolean add) {
        if (colBytes != 4 || !MASKED_LOADS) {
            super.store(tile, firstCol, c, rowBytes, colBytes, rows, cols, add);
            return;
        }
        long from = tile + 4L * firstCol;
        if (cols == NR && add) {
            addFull(from, c, rowBytes, rows);
            return;
        }
        for (int j = 0; j < cols; j += L) {
            VectorMask<Float> m = S.indexInRange(j, cols);
            storePart(from + 4L * j, c + 4L * j, rowBytes, rows, m, add);
        }
    }

    private static void addFull(long from, long to, long rowBytes, int rows) {
        for (int i = 0; i < rows; i++, from += 4L * NR, to += rowBytes) {
            long p = from & Mem.MASK;
            long q = to & Mem.MASK;
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, p, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, p + 4L * L, ORDER);
            FloatVector.fromMemorySegment(S, ALL, q, ORDER).add(x).intoMemorySegment(ALL, q, ORDER);
            FloatVector.fromMemorySegment(S, ALL, q + 4L * L, ORDER).add(y).intoMemorySegment(ALL, q + 4L * L, ORDER);
        }
    }

    private static void storePart(long from, long to, long rowBytes, int rows, VectorMask<Float> m, boolean add) {
        for (int i = 0; i < rows; i++, from += 4L * NR, to += rowBytes) {
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, from, ORDER, m);
            if (add) {
                v = v.add(FloatVector.fromMemorySegment(S, ALL, to, ORDER, m));
            }
            v.intoMemorySegment(ALL, to, ORDER, m);
        }
    }

    @Override
    public void packA(long a, long rowBytes, long colBytes, int rows, int kc, long dst) {
        if (colBytes == 4 && Transpose.SIDE32 > 0 && kc >= Transpose.SIDE32) {
            for (int i = 0; i < rows; i += MR, dst += 4L * MR * kc) {
                int r = Math.min(MR, rows - i);
                Transpose.run(4, a + i * rowBytes, rowBytes, r, kc, dst, 4L * MR);
                if (r > Transpose.SIDE32) { // the rest, overlapping so that nothing is written past the panel
                    int o = MR - Transpose.SIDE32;
                    Transpose.run(4, a + (i + o) * rowBytes, rowBytes, r - o, kc, dst + 4L * o, 4L * MR);
                }
            }
        } else if (rowBytes == 4 && MASKED_LOADS) {
            for (int i = 0; i < rows; i += MR, dst += 4L * MR * kc) {
                for (int o = 0; o < MR; o += L) {
                    VectorMask<Float> m = S.indexInRange(o, Math.min(MR, rows - i));
                    copyMasked(a + 4L * (i + o), colBytes, m, kc, dst + 4L * o, 4L * MR, m);
                }
            }
        } else {
            super.packA(a, rowBytes, colBytes, rows, kc, dst);
        }
    }

    /// `n` vectors, the lanes that are masked off zero.
    private static void copyMasked(
            long src, long step, VectorMask<Float> m, int n, long dst, long dstStep, VectorMask<Float> into) {
        for (int k = 0; k < n; k++, src += step, dst += dstStep) {
            FloatVector.fromMemorySegment(S, ALL, src, ORDER, m).intoMemorySegment(ALL, dst, ORDER, into);
        }
    }

    @Override
    public void packB(long b, long rowBytes, long colBytes, int kc, int cols, long dst) {
        int j = 0;
        if (colBytes == 4) {
            for (; j <= cols - NR; j += NR, dst += 4L * NR * kc) {
                packRows(b + 4L * j, rowBytes, kc, dst);
            }
            if (j < cols && MASKED_LOADS) {
                VectorMask<Float> all = S.maskAll(true);
                copyMasked(b + 4L * j, rowBytes, S.indexInRange(j, cols), kc, dst, 4L * NR, all);
                copyMasked(b + 4L * (j + L), rowBytes, S.indexInRange(j + L, cols), kc, dst + 4L * L, 4L * NR, all);
                j = cols;
            }
        } else if (rowBytes == 4 && Transpose.SIDE32 > 0 && kc >= Transpose.SIDE32) {
            for (; j < cols; j += NR, dst += 4L * NR * kc) {
                for (int o = 0; o < NR && j + o < cols; o += L) {
                    Transpose.run(4, b + (j + o) * colBytes, colBytes, Math.min(L, cols - j - o), kc, dst + 4L * o,
                            4L * NR);
                }
            }
        }
        if (j < cols) {
            super.packB(b + j * colBytes, rowBytes, colBytes, kc, cols - j, dst);
        }
    }

    private static void packRows(long b, long rowBytes, int kc, long dst) {
        for (int k = 0; k < kc; k++, b += rowBytes, dst += 4L * NR) {
            long p = b & Mem.MASK;
            long q = dst & Mem.MASK;
            FloatVector.fromMemorySegment(S, ALL, p, ORDER).intoMemorySegment(ALL, q, ORDER);
            FloatVector.fromMemorySegment(S, ALL, p + 4L * L, ORDER).intoMemorySegment(ALL, q + 4L * L, ORDER);
        }
    }

    @Override
    public void window(long src, long step, int lo, int hi, int len, long dst) {
        if (step != 4 || !MASKED_LOADS) {
            super.window(src, step, lo, hi, len, dst);
            return;
        }
        for (int i = 0; i < len; i += L) {
            if (i >= lo && i + L <= Math.min(hi, len)) {
                FloatVector.fromMemorySegment(S, ALL, src + 4L * i, ORDER).intoMemorySegment(ALL, dst + 4L * i, ORDER);
            } else {
                windowEdge(src + 4L * i, lo - i, hi - i, len - i, dst + 4L * i);
            }
        }
    }

    private static void windowEdge(long src, int lo, int hi, int len, long dst) {
        VectorMask<Float> in = S.indexInRange(0, Math.min(hi, len)).andNot(S.indexInRange(0, lo));
        FloatVector.fromMemorySegment(S, ALL, src, ORDER, in)
                .intoMemorySegment(ALL, dst, ORDER, S.indexInRange(0, len));
    }

    @Override
    public void splitRows(long src, int len, int rows, int parts, long dst, long pitch) {
        if (MASKED_LOADS && parts <= 2) {
            StencilsF32.split(src, len, rows, parts, dst, pitch);
        } else {
            super.splitRows(src, len, rows, parts, dst, pitch);
        }
    }

    @Override
    public void joinRows(long src, long pitch, int parts, int len, long dst) {
        if (MASKED_LOADS && parts <= 2) {
            StencilsF32.join(src, pitch, parts, len, dst);
        } else {
            super.joinRows(src, pitch, parts, len, dst);
        }
    }

    @Override
    public void copyRows(long from, long[] offsets, int first, int count, int len, long dst, long pitch) {
        if (!MASKED_LOADS) {
            super.copyRows(from, offsets, first, count, len, dst, pitch);
            return;
        }
        int j = 0;
        for (; j <= len - NR; j += NR) {
            copyFull(from + 4L * j, offsets, first, count, dst + 4L * j, pitch);
        }
        for (; j < len; j += L) {
            copyPart(from + 4L * j, offsets, first, count, S.indexInRange(j, len), dst + 4L * j, pitch);
        }
    }

    private static void copyFull(long from, long[] offsets, int first, int count, long dst, long pitch) {
        for (int i = first; i < first + count; i++, dst += pitch) {
            long p = from + offsets[i] & Mem.MASK;
            long q = dst & Mem.MASK;
            FloatVector.fromMemorySegment(S, ALL, p, ORDER).intoMemorySegment(ALL, q, ORDER);
            FloatVector.fromMemorySegment(S, ALL, p + 4L * L, ORDER).intoMemorySegment(ALL, q + 4L * L, ORDER);
        }
    }

    private static void copyPart(
            long from, long[] offsets, int first, int count, VectorMask<Float> m, long dst, long pitch) {
        for (int i = first; i < first + count; i++, dst += pitch) {
            FloatVector.fromMemorySegment(S, ALL, from + offsets[i], ORDER, m).intoMemorySegment(ALL, dst, ORDER, m);
        }
    }

    @Override
    public void weighRows(long from, long fromStep, long[] offsets, long w, int rows, int len, long dst, long dstStep) {
        if (MASKED_LOADS) {
            StencilsF32.weigh(from, fromStep, offsets, w, rows, len, dst, dstStep);
        } else {
            super.weighRows(from, fromStep, offsets, w, rows, len, dst, dstStep);
        }
    }

    @Override
    public void dotRows(long from, long fromStep, long[] offsets, long y, long yStep, int rows, int len, long sums) {
        if (MASKED_LOADS) {
            StencilsF32.dot(from, fromStep, offsets, y, yStep, rows, len, sums);
        } else {
            super.dotRows(from, fromStep, offsets, y, yStep, rows, len, sums);
        }
    }

    @Override
    public double dot(long x, long y, long n) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        long i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            long o = 4 * i;
            s0 = FloatVector.fromMemorySegment(S, ALL, x + o, ORDER)
                    .fma(FloatVector.fromMemorySegment(S, ALL, y + o, ORDER), s0);
            o += 4L * L;
            s1 = FloatVector.fromMemorySegment(S, ALL, x + o, ORDER)
                    .fma(FloatVector.fromMemorySegment(S, ALL, y + o, ORDER), s1);
            o += 4L * L;
            s2 = FloatVector.fromMemorySegment(S, ALL, x + o, ORDER)
                    .fma(FloatVector.fromMemorySegment(S, ALL, y + o, ORDER), s2);
            o += 4L * L;
            s3 = FloatVector.fromMemorySegment(S, ALL, x + o, ORDER)
                    .fma(FloatVector.fromMemorySegment(S, ALL, y + o, ORDER), s3);
        }
        double s = Lanes.sum(s0.add(s1).add(s2.add(s3)));
        for (; i < n; i++) {
            s += (double) Mem.getFloat(x + 4 * i) * Mem.getFloat(y + 4 * i);
        }
        return s;
    }

    @Override
    public void axpy(double alpha, long x, long y, long n) {
        FloatVector f = FloatVector.broadcast(S, (float) alpha);
        long i = 0;
        for (; i <= n - L; i += L) {
            f.fma(FloatVector.fromMemorySegment(S, ALL, x + 4 * i, ORDER),
                    FloatVector.fromMemorySegment(S, ALL, y + 4 * i, ORDER))
                    .intoMemorySegment(ALL, y + 4 * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putFloat(y + 4 * i, Math.fma((float) alpha, Mem.getFloat(x + 4 * i), Mem.getFloat(y + 4 * i)));
        }
    }

    @Override
    public void add(long x, long y, long n) {
        long i = 0;
        for (; i <= n - L; i += L) {
            FloatVector.fromMemorySegment(S, ALL, x + 4 * i, ORDER)
                    .add(FloatVector.fromMemorySegment(S, ALL, y + 4 * i, ORDER))
                    .intoMemorySegment(ALL, y + 4 * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putFloat(y + 4 * i, Mem.getFloat(x + 4 * i) + Mem.getFloat(y + 4 * i));
        }
    }
}
