package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The pieces of a double matrix product with the Vector API: a tile of 8 rows by 2 vectors.
///
/// Every hot method here is straight-line and small on purpose. C2 stops inlining when a method's node budget is spent, and then each
/// vector is an object and the product a hundred times slower; look for `failed` in `-XX:+PrintInlining` after any change.
final class VectorGemmF64 extends ScalarGemm {

    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final int MR = 8;
    private static final int NR = 2 * L;
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    /// Whether lanes that are masked off are not read at all; elsewhere a masked load may touch a page that does not exist.
    private static final boolean MASKED_LOADS = System.getProperty("os.arch").equals("amd64");

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
    public void tile(int kc, Object a, int ao, long b, long bStep, Object acc) {
        tile8x2(kc, (double[]) a, ao, b, bStep, (double[]) acc);
    }

    private static void tile8x2(int kc, double[] a, int ao, long b, long bStep, double[] acc) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector c00 = z, c01 = z, c10 = z, c11 = z, c20 = z, c21 = z, c30 = z, c31 = z;
        DoubleVector c40 = z, c41 = z, c50 = z, c51 = z, c60 = z, c61 = z, c70 = z, c71 = z;
        for (int k = 0; k < kc; k++) {
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, b, ORDER);
            DoubleVector b1 = DoubleVector.fromMemorySegment(S, ALL, b + 8L * L, ORDER);
            DoubleVector x;
            x = DoubleVector.broadcast(S, a[ao]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = DoubleVector.broadcast(S, a[ao + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = DoubleVector.broadcast(S, a[ao + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = DoubleVector.broadcast(S, a[ao + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = DoubleVector.broadcast(S, a[ao + 4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = DoubleVector.broadcast(S, a[ao + 5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = DoubleVector.broadcast(S, a[ao + 6]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = DoubleVector.broadcast(S, a[ao + 7]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            ao += MR;
            b += bStep;
        }
        c00.intoArray(acc, 0 * L);
        c01.intoArray(acc, 1 * L);
        c10.intoArray(acc, 2 * L);
        c11.intoArray(acc, 3 * L);
        c20.intoArray(acc, 4 * L);
        c21.intoArray(acc, 5 * L);
        c30.intoArray(acc, 6 * L);
        c31.intoArray(acc, 7 * L);
        c40.intoArray(acc, 8 * L);
        c41.intoArray(acc, 9 * L);
        c50.intoArray(acc, 10 * L);
        c51.intoArray(acc, 11 * L);
        c60.intoArray(acc, 12 * L);
        c61.intoArray(acc, 13 * L);
        c70.intoArray(acc, 14 * L);
        c71.intoArray(acc, 15 * L);
    }

    @Override
    public void store(Object acc, int firstCol, long c, long rowBytes, long colBytes, int rows, int cols, boolean add) {
        if (colBytes != 8) {
            super.store(acc, firstCol, c, rowBytes, colBytes, rows, cols, add);
        } else if (cols == NR) {
            storeFull((double[]) acc, c, rowBytes, rows, add);
        } else {
            storePart((double[]) acc, firstCol, c, rowBytes, rows, cols, add);
        }
    }

    private static void storeFull(double[] acc, long c, long rowBytes, int rows, boolean add) {
        for (int i = 0; i < rows; i++, c += rowBytes) {
            DoubleVector v0 = DoubleVector.fromArray(S, acc, i * NR);
            DoubleVector v1 = DoubleVector.fromArray(S, acc, i * NR + L);
            if (add) {
                v0 = v0.add(DoubleVector.fromMemorySegment(S, ALL, c, ORDER));
                v1 = v1.add(DoubleVector.fromMemorySegment(S, ALL, c + 8L * L, ORDER));
            }
            v0.intoMemorySegment(ALL, c, ORDER);
            v1.intoMemorySegment(ALL, c + 8L * L, ORDER);
        }
    }

    private static void storePart(double[] acc, int firstCol, long c, long rowBytes, int rows, int cols, boolean add) {
        for (int j = 0; j < cols; j += L) {
            VectorMask<Double> m = S.indexInRange(j, cols);
            for (int i = 0; i < rows; i++) {
                long to = c + i * rowBytes + 8L * j;
                DoubleVector v = DoubleVector.fromArray(S, acc, i * NR + firstCol + j, m);
                if (add) {
                    v = v.add(DoubleVector.fromMemorySegment(S, ALL, to, ORDER, m));
                }
                v.intoMemorySegment(ALL, to, ORDER, m);
            }
        }
    }

    @Override
    public void packA(long a, long rowBytes, long colBytes, int rows, int kc, Object dst, int to) {
        double[] d = (double[]) dst;
        int i = 0;
        for (; i <= rows - MR; i += MR, to += MR * kc) {
            packA8(a + i * rowBytes, rowBytes, colBytes, kc, d, to);
        }
        if (i < rows) {
            super.packA(a + i * rowBytes, rowBytes, colBytes, rows - i, kc, dst, to);
        }
    }

    /// Eight streams read side by side.
    private static void packA8(long a, long rowBytes, long colBytes, int kc, double[] d, int to) {
        for (int k = 0; k < kc; k++, a += colBytes, to += MR) {
            d[to] = Mem.getDouble(a);
            d[to + 1] = Mem.getDouble(a + rowBytes);
            d[to + 2] = Mem.getDouble(a + 2 * rowBytes);
            d[to + 3] = Mem.getDouble(a + 3 * rowBytes);
            d[to + 4] = Mem.getDouble(a + 4 * rowBytes);
            d[to + 5] = Mem.getDouble(a + 5 * rowBytes);
            d[to + 6] = Mem.getDouble(a + 6 * rowBytes);
            d[to + 7] = Mem.getDouble(a + 7 * rowBytes);
        }
    }

    @Override
    public void packB(long b, long rowBytes, long colBytes, int kc, int cols, long dst) {
        int j = 0;
        if (colBytes == 8) {
            for (; j <= cols - NR; j += NR, dst += 8L * NR * kc) {
                packRows(b + 8L * j, rowBytes, kc, dst);
            }
        } else if (rowBytes == 8) {
            for (; j <= cols - NR; j += NR, dst += 8L * NR * kc) {
                transpose(b + j * colBytes, colBytes, kc, dst);
            }
        }
        if (j < cols) {
            super.packB(b + j * colBytes, rowBytes, colBytes, kc, cols - j, dst);
        }
    }

    private static void packRows(long b, long rowBytes, int kc, long dst) {
        for (int k = 0; k < kc; k++, b += rowBytes, dst += 8L * NR) {
            DoubleVector.fromMemorySegment(S, ALL, b, ORDER).intoMemorySegment(ALL, dst, ORDER);
            DoubleVector.fromMemorySegment(S, ALL, b + 8L * L, ORDER).intoMemorySegment(ALL, dst + 8L * L, ORDER);
        }
    }

    /// Columns contiguous along k become rows of the panel, four columns at a time.
    private static void transpose(long b, long colBytes, int kc, long dst) {
        for (int j = 0; j < NR; j += 4) {
            long p = b + j * colBytes;
            long d = dst + 8L * j;
            for (int k = 0; k < kc; k++, p += 8, d += 8L * NR) {
                Mem.putDouble(d, Mem.getDouble(p));
                Mem.putDouble(d + 8, Mem.getDouble(p + colBytes));
                Mem.putDouble(d + 16, Mem.getDouble(p + 2 * colBytes));
                Mem.putDouble(d + 24, Mem.getDouble(p + 3 * colBytes));
            }
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
        DoubleVector.fromMemorySegment(S, ALL, src, ORDER, in).intoMemorySegment(ALL, dst, ORDER, S.indexInRange(0, len));
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
            s0 = DoubleVector.fromMemorySegment(S, ALL, x + o, ORDER).fma(DoubleVector.fromMemorySegment(S, ALL, y + o, ORDER), s0);
            o += 8L * L;
            s1 = DoubleVector.fromMemorySegment(S, ALL, x + o, ORDER).fma(DoubleVector.fromMemorySegment(S, ALL, y + o, ORDER), s1);
            o += 8L * L;
            s2 = DoubleVector.fromMemorySegment(S, ALL, x + o, ORDER).fma(DoubleVector.fromMemorySegment(S, ALL, y + o, ORDER), s2);
            o += 8L * L;
            s3 = DoubleVector.fromMemorySegment(S, ALL, x + o, ORDER).fma(DoubleVector.fromMemorySegment(S, ALL, y + o, ORDER), s3);
        }
        double s = s0.add(s1).add(s2.add(s3)).reduceLanes(VectorOperators.ADD);
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
            f.fma(DoubleVector.fromMemorySegment(S, ALL, x + 8 * i, ORDER), DoubleVector.fromMemorySegment(S, ALL, y + 8 * i, ORDER))
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
