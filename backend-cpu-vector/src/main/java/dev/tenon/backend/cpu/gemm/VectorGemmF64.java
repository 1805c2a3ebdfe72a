package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.math.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// The pieces of a double matrix product with the Vector API: a tile of 12 rows by 2 vectors ([TilesF64]), or of 6
/// where there are but 16 registers.
final class VectorGemmF64 extends ScalarGemm {

    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
    private static final int MR = X86 && L < 8 ? 6 : 12;
    private static final int NR = 2 * L;
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    /// Whether lanes that are masked off are not read at all; elsewhere a masked load may touch a page that does not
    /// exist.
    private static final boolean MASKED_LOADS = X86;

    private VectorGemmF64() {
        super(8);
    }

    static GemmKernel create() {
        return new VectorGemmF64();
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
        TilesF64.run(rows, wide, kc, a, aStep, b, bStep, c, cStep);
    }

    @Override
    public void narrow(int rows, int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cStep) {
        TilesF64.rows(rows, kc, a, aRow, aStep, b, bStep, c, cStep);
    }

    @Override
    public void tileInPlace(int rows, long a, long[] offsets, long x, long y, long c, long cStep) {
        ReadInPlaceF64.run(rows, a, offsets, x, y, c, cStep);
    }

    @Override
    public void store(long tile, int firstCol, long c, long rowBytes, long colBytes, int rows, int cols, boolean add) {
        if (colBytes != 8 || !MASKED_LOADS) {
            super.store(tile, firstCol, c, rowBytes, colBytes, rows, cols, add);
            return;
        }
        long from = tile + 8L * firstCol;
        if (cols == NR && add) {
            addFull(from, c, rowBytes, rows);
            return;
        }
        for (int j = 0; j < cols; j += L) {
            VectorMask<Double> m = S.indexInRange(j, cols);
            storePart(from + 8L * j, c + 8L * j, rowBytes, rows, m, add);
        }
    }

    private static void addFull(long from, long to, long rowBytes, int rows) {
        for (int i = 0; i < rows; i++, from += 8L * NR, to += rowBytes) {
            long p = from & Mem.MASK;
            long q = to & Mem.MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, p, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, p + 8L * L, ORDER);
            DoubleVector.fromMemorySegment(S, ALL, q, ORDER).add(x).intoMemorySegment(ALL, q, ORDER);
            DoubleVector.fromMemorySegment(S, ALL, q + 8L * L, ORDER).add(y).intoMemorySegment(ALL, q + 8L * L, ORDER);
        }
    }

    private static void storePart(long from, long to, long rowBytes, int rows, VectorMask<Double> m, boolean add) {
        for (int i = 0; i < rows; i++, from += 8L * NR, to += rowBytes) {
            DoubleVector v = DoubleVector.fromMemorySegment(S, ALL, from, ORDER, m);
            if (add) {
                v = v.add(DoubleVector.fromMemorySegment(S, ALL, to, ORDER, m));
            }
            v.intoMemorySegment(ALL, to, ORDER, m);
        }
    }

    @Override
    public void packA(long a, long rowBytes, long colBytes, int rows, int kc, long dst) {
        if (colBytes == 8 && Transpose.SIDE64 > 0 && kc >= Transpose.SIDE64) {
            for (int i = 0; i < rows; i += MR, dst += 8L * MR * kc) {
                int r = Math.min(MR, rows - i);
                Transpose.run(8, a + i * rowBytes, rowBytes, r, kc, dst, 8L * MR);
                if (r > Transpose.SIDE64) { // the rest, overlapping so that nothing is written past the panel
                    int o = MR - Transpose.SIDE64;
                    Transpose.run(8, a + (i + o) * rowBytes, rowBytes, r - o, kc, dst + 8L * o, 8L * MR);
                }
            }
        } else if (rowBytes == 8 && MASKED_LOADS) {
            for (int i = 0; i < rows; i += MR, dst += 8L * MR * kc) {
                for (int o = 0; o < MR; o += L) {
                    VectorMask<Double> m = S.indexInRange(o, Math.min(MR, rows - i));
                    copyMasked(a + 8L * (i + o), colBytes, m, kc, dst + 8L * o, 8L * MR, m);
                }
            }
        } else {
            super.packA(a, rowBytes, colBytes, rows, kc, dst);
        }
    }

    /// `n` vectors, the lanes that are masked off zero.
    private static void copyMasked(
            long src, long step, VectorMask<Double> m, int n, long dst, long dstStep, VectorMask<Double> into) {
        for (int k = 0; k < n; k++, src += step, dst += dstStep) {
            DoubleVector.fromMemorySegment(S, ALL, src, ORDER, m).intoMemorySegment(ALL, dst, ORDER, into);
        }
    }

    @Override
    public void packB(long b, long rowBytes, long colBytes, int kc, int cols, long dst) {
        int j = 0;
        if (colBytes == 8) {
            for (; j <= cols - NR; j += NR, dst += 8L * NR * kc) {
                packRows(b + 8L * j, rowBytes, kc, dst);
            }
            if (j < cols && MASKED_LOADS) {
                VectorMask<Double> all = S.maskAll(true);
                copyMasked(b + 8L * j, rowBytes, S.indexInRange(j, cols), kc, dst, 8L * NR, all);
                copyMasked(b + 8L * (j + L), rowBytes, S.indexInRange(j + L, cols), kc, dst + 8L * L, 8L * NR, all);
                j = cols;
            }
        } else if (rowBytes == 8 && Transpose.SIDE64 > 0 && kc >= Transpose.SIDE64) {
            for (; j < cols; j += NR, dst += 8L * NR * kc) {
                for (int o = 0; o < NR && j + o < cols; o += L) {
                    Transpose.run(8, b + (j + o) * colBytes, colBytes, Math.min(L, cols - j - o), kc, dst + 8L * o,
                            8L * NR);
                }
            }
        }
        if (j < cols) {
            super.packB(b + j * colBytes, rowBytes, colBytes, kc, cols - j, dst);
        }
    }

    private static void packRows(long b, long rowBytes, int kc, long dst) {
        for (int k = 0; k < kc; k++, b += rowBytes, dst += 8L * NR) {
            long p = b & Mem.MASK;
            long q = dst & Mem.MASK;
            DoubleVector.fromMemorySegment(S, ALL, p, ORDER).intoMemorySegment(ALL, q, ORDER);
            DoubleVector.fromMemorySegment(S, ALL, p + 8L * L, ORDER).intoMemorySegment(ALL, q + 8L * L, ORDER);
        }
    }

    @Override
    public void window(long src, long step, int lo, int hi, int len, long dst) {
        if (step != 8 || !MASKED_LOADS) {
            super.window(src, step, lo, hi, len, dst);
            return;
        }
        for (int i = 0; i < len; i += L) {
            if (i >= lo && i + L <= Math.min(hi, len)) {
                DoubleVector.fromMemorySegment(S, ALL, src + 8L * i, ORDER).intoMemorySegment(ALL, dst + 8L * i, ORDER);
            } else {
                windowEdge(src + 8L * i, lo - i, hi - i, len - i, dst + 8L * i);
            }
        }
    }

    private static void windowEdge(long src, int lo, int hi, int len, long dst) {
        VectorMask<Double> in = S.indexInRange(0, Math.min(hi, len)).andNot(S.indexInRange(0, lo));
        DoubleVector.fromMemorySegment(S, ALL, src, ORDER, in)
                .intoMemorySegment(ALL, dst, ORDER, S.indexInRange(0, len));
    }

    @Override
    public void splitRows(long src, int len, int rows, int parts, long dst, long pitch) {
        if (MASKED_LOADS && parts <= 2) {
            StencilsF64.split(src, len, rows, parts, dst, pitch);
        } else {
            super.splitRows(src, len, rows, parts, dst, pitch);
        }
    }

    @Override
    public void joinRows(long src, long pitch, int parts, int len, long dst) {
        if (MASKED_LOADS && parts <= 2) {
            StencilsF64.join(src, pitch, parts, len, dst);
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
            copyFull(from + 8L * j, offsets, first, count, dst + 8L * j, pitch);
        }
        for (; j < len; j += L) {
            copyPart(from + 8L * j, offsets, first, count, S.indexInRange(j, len), dst + 8L * j, pitch);
        }
    }

    private static void copyFull(long from, long[] offsets, int first, int count, long dst, long pitch) {
        for (int i = first; i < first + count; i++, dst += pitch) {
            long p = from + offsets[i] & Mem.MASK;
            long q = dst & Mem.MASK;
            DoubleVector.fromMemorySegment(S, ALL, p, ORDER).intoMemorySegment(ALL, q, ORDER);
            DoubleVector.fromMemorySegment(S, ALL, p + 8L * L, ORDER).intoMemorySegment(ALL, q + 8L * L, ORDER);
        }
    }

    private static void copyPart(
            long from, long[] offsets, int first, int count, VectorMask<Double> m, long dst, long pitch) {
        for (int i = first; i < first + count; i++, dst += pitch) {
            DoubleVector.fromMemorySegment(S, ALL, from + offsets[i], ORDER, m).intoMemorySegment(ALL, dst, ORDER, m);
        }
    }

    @Override
    public void weighRows(long from, long fromStep, long[] offsets, long w, int rows, int len, long dst, long dstStep) {
        if (MASKED_LOADS) {
            StencilsF64.weigh(from, fromStep, offsets, w, rows, len, dst, dstStep);
        } else {
            super.weighRows(from, fromStep, offsets, w, rows, len, dst, dstStep);
        }
    }

    @Override
    public void dotRows(long from, long fromStep, long[] offsets, long y, long yStep, int rows, int len, long sums) {
        if (MASKED_LOADS) {
            StencilsF64.dot(from, fromStep, offsets, y, yStep, rows, len, sums);
        } else {
            super.dotRows(from, fromStep, offsets, y, yStep, rows, len, sums);
        }
    }

    @Override
    public double dot(long x, long y, long n) {
        DoubleVector s0 = DoubleVector.zero(S);
        DoubleVector s1 = s0;
        DoubleVector s2 = s0;
        DoubleVector s3 = s0;
        long i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            long o = 8 * i;
            s0 = DoubleVector.fromMemorySegment(S, ALL, x + o, ORDER)
                    .fma(DoubleVector.fromMemorySegment(S, ALL, y + o, ORDER), s0);
            o += 8L * L;
            s1 = DoubleVector.fromMemorySegment(S, ALL, x + o, ORDER)
                    .fma(DoubleVector.fromMemorySegment(S, ALL, y + o, ORDER), s1);
            o += 8L * L;
            s2 = DoubleVector.fromMemorySegment(S, ALL, x + o, ORDER)
                    .fma(DoubleVector.fromMemorySegment(S, ALL, y + o, ORDER), s2);
            o += 8L * L;
            s3 = DoubleVector.fromMemorySegment(S, ALL, x + o, ORDER)
                    .fma(DoubleVector.fromMemorySegment(S, ALL, y + o, ORDER), s3);
        }
        double s = Lanes.sum(s0.add(s1).add(s2.add(s3)));
        for (; i < n; i++) {
            s += Mem.getDouble(x + 8 * i) * Mem.getDouble(y + 8 * i);
        }
        return s;
    }

    @Override
    public void axpy(double alpha, long x, long y, long n) {
        DoubleVector f = DoubleVector.broadcast(S, alpha);
        long i = 0;
        for (; i <= n - L; i += L) {
            f.fma(DoubleVector.fromMemorySegment(S, ALL, x + 8 * i, ORDER),
                    DoubleVector.fromMemorySegment(S, ALL, y + 8 * i, ORDER))
                    .intoMemorySegment(ALL, y + 8 * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putDouble(y + 8 * i, Math.fma(alpha, Mem.getDouble(x + 8 * i), Mem.getDouble(y + 8 * i)));
        }
    }

    @Override
    public void add(long x, long y, long n) {
        long i = 0;
        for (; i <= n - L; i += L) {
            DoubleVector.fromMemorySegment(S, ALL, x + 8 * i, ORDER)
                    .add(DoubleVector.fromMemorySegment(S, ALL, y + 8 * i, ORDER))
                    .intoMemorySegment(ALL, y + 8 * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putDouble(y + 8 * i, Mem.getDouble(x + 8 * i) + Mem.getDouble(y + 8 * i));
        }
    }
}
