package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The pieces of a float matrix product with the Vector API: a tile of 8 rows by 2 vectors.
///
/// Every hot method here is straight-line and small on purpose. C2 stops inlining when a method's node budget is spent, and then each
/// vector is an object and the product a hundred times slower; look for `failed` in `-XX:+PrintInlining` after any change.
final class VectorGemmF32 extends ScalarGemm {

    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final int MR = 8;
    private static final int NR = 2 * L;
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    /// Whether lanes that are masked off are not read at all; elsewhere a masked load may touch a page that does not exist.
    private static final boolean MASKED_LOADS = System.getProperty("os.arch").equals("amd64");

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
    public void tile(int kc, Object a, int ao, long b, long bStep, Object acc) {
        tile8x2(kc, (float[]) a, ao, b, bStep, (float[]) acc);
    }

    private static void tile8x2(int kc, float[] a, int ao, long b, long bStep, float[] acc) {
        FloatVector z = FloatVector.zero(S);
        FloatVector c00 = z, c01 = z, c10 = z, c11 = z, c20 = z, c21 = z, c30 = z, c31 = z;
        FloatVector c40 = z, c41 = z, c50 = z, c51 = z, c60 = z, c61 = z, c70 = z, c71 = z;
        for (int k = 0; k < kc; k++) {
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, b, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, b + 4L * L, ORDER);
            FloatVector x;
            x = FloatVector.broadcast(S, a[ao]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(S, a[ao + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(S, a[ao + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(S, a[ao + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(S, a[ao + 4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(S, a[ao + 5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(S, a[ao + 6]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(S, a[ao + 7]);
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
        if (colBytes != 4) {
            super.store(acc, firstCol, c, rowBytes, colBytes, rows, cols, add);
        } else if (cols == NR) {
            storeFull((float[]) acc, c, rowBytes, rows, add);
        } else {
            storePart((float[]) acc, firstCol, c, rowBytes, rows, cols, add);
        }
    }

    private static void storeFull(float[] acc, long c, long rowBytes, int rows, boolean add) {
        for (int i = 0; i < rows; i++, c += rowBytes) {
            FloatVector v0 = FloatVector.fromArray(S, acc, i * NR);
            FloatVector v1 = FloatVector.fromArray(S, acc, i * NR + L);
            if (add) {
                v0 = v0.add(FloatVector.fromMemorySegment(S, ALL, c, ORDER));
                v1 = v1.add(FloatVector.fromMemorySegment(S, ALL, c + 4L * L, ORDER));
            }
            v0.intoMemorySegment(ALL, c, ORDER);
            v1.intoMemorySegment(ALL, c + 4L * L, ORDER);
        }
    }

    private static void storePart(float[] acc, int firstCol, long c, long rowBytes, int rows, int cols, boolean add) {
        for (int j = 0; j < cols; j += L) {
            VectorMask<Float> m = S.indexInRange(j, cols);
            for (int i = 0; i < rows; i++) {
                long to = c + i * rowBytes + 4L * j;
                FloatVector v = FloatVector.fromArray(S, acc, i * NR + firstCol + j, m);
                if (add) {
                    v = v.add(FloatVector.fromMemorySegment(S, ALL, to, ORDER, m));
                }
                v.intoMemorySegment(ALL, to, ORDER, m);
            }
        }
    }

    @Override
    public void packA(long a, long rowBytes, long colBytes, int rows, int kc, Object dst, int to) {
        float[] d = (float[]) dst;
        int i = 0;
        for (; i <= rows - MR; i += MR, to += MR * kc) {
            packA8(a + i * rowBytes, rowBytes, colBytes, kc, d, to);
        }
        if (i < rows) {
            super.packA(a + i * rowBytes, rowBytes, colBytes, rows - i, kc, dst, to);
        }
    }

    /// Eight streams read side by side.
    private static void packA8(long a, long rowBytes, long colBytes, int kc, float[] d, int to) {
        for (int k = 0; k < kc; k++, a += colBytes, to += MR) {
            d[to] = Mem.getFloat(a);
            d[to + 1] = Mem.getFloat(a + rowBytes);
            d[to + 2] = Mem.getFloat(a + 2 * rowBytes);
            d[to + 3] = Mem.getFloat(a + 3 * rowBytes);
            d[to + 4] = Mem.getFloat(a + 4 * rowBytes);
            d[to + 5] = Mem.getFloat(a + 5 * rowBytes);
            d[to + 6] = Mem.getFloat(a + 6 * rowBytes);
            d[to + 7] = Mem.getFloat(a + 7 * rowBytes);
        }
    }

    @Override
    public void packB(long b, long rowBytes, long colBytes, int kc, int cols, long dst) {
        int j = 0;
        if (colBytes == 4) {
            for (; j <= cols - NR; j += NR, dst += 4L * NR * kc) {
                packRows(b + 4L * j, rowBytes, kc, dst);
            }
        } else if (rowBytes == 4) {
            for (; j <= cols - NR; j += NR, dst += 4L * NR * kc) {
                transpose(b + j * colBytes, colBytes, kc, dst);
            }
        }
        if (j < cols) {
            super.packB(b + j * colBytes, rowBytes, colBytes, kc, cols - j, dst);
        }
    }

    private static void packRows(long b, long rowBytes, int kc, long dst) {
        for (int k = 0; k < kc; k++, b += rowBytes, dst += 4L * NR) {
            FloatVector.fromMemorySegment(S, ALL, b, ORDER).intoMemorySegment(ALL, dst, ORDER);
            FloatVector.fromMemorySegment(S, ALL, b + 4L * L, ORDER).intoMemorySegment(ALL, dst + 4L * L, ORDER);
        }
    }

    /// Columns contiguous along k become rows of the panel, four columns at a time.
    private static void transpose(long b, long colBytes, int kc, long dst) {
        for (int j = 0; j < NR; j += 4) {
            long p = b + j * colBytes;
            long d = dst + 4L * j;
            for (int k = 0; k < kc; k++, p += 4, d += 4L * NR) {
                Mem.putFloat(d, Mem.getFloat(p));
                Mem.putFloat(d + 4, Mem.getFloat(p + colBytes));
                Mem.putFloat(d + 8, Mem.getFloat(p + 2 * colBytes));
                Mem.putFloat(d + 12, Mem.getFloat(p + 3 * colBytes));
            }
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
        FloatVector.fromMemorySegment(S, ALL, src, ORDER, in).intoMemorySegment(ALL, dst, ORDER, S.indexInRange(0, len));
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
            s0 = FloatVector.fromMemorySegment(S, ALL, x + o, ORDER).fma(FloatVector.fromMemorySegment(S, ALL, y + o, ORDER), s0);
            o += 4L * L;
            s1 = FloatVector.fromMemorySegment(S, ALL, x + o, ORDER).fma(FloatVector.fromMemorySegment(S, ALL, y + o, ORDER), s1);
            o += 4L * L;
            s2 = FloatVector.fromMemorySegment(S, ALL, x + o, ORDER).fma(FloatVector.fromMemorySegment(S, ALL, y + o, ORDER), s2);
            o += 4L * L;
            s3 = FloatVector.fromMemorySegment(S, ALL, x + o, ORDER).fma(FloatVector.fromMemorySegment(S, ALL, y + o, ORDER), s3);
        }
        double s = s0.add(s1).add(s2.add(s3)).reduceLanes(VectorOperators.ADD);
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
            f.fma(FloatVector.fromMemorySegment(S, ALL, x + 4 * i, ORDER), FloatVector.fromMemorySegment(S, ALL, y + 4 * i, ORDER))
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
