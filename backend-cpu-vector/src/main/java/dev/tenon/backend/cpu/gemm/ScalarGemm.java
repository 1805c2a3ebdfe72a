package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;

/// The pieces of a matrix product without the Vector API, for floats (4 bytes) or doubles (8).
class ScalarGemm implements GemmKernel {

    private static final int MR = 4;
    private static final int NR = 4;

    private final int bytes;

    ScalarGemm(int bytes) {
        this.bytes = bytes;
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
    public final int bytes() {
        return bytes;
    }

    @Override
    public final Object newArray(int length) {
        return bytes == 4 ? new float[length] : new double[length];
    }

    private double get(long address) {
        return bytes == 4 ? Mem.getFloat(address) : Mem.getDouble(address);
    }

    private void put(long address, double value) {
        if (bytes == 4) {
            Mem.putFloat(address, (float) value);
        } else {
            Mem.putDouble(address, value);
        }
    }

    @Override
    public void tile(int kc, Object a, int ao, long b, long bStep, Object acc) {
        if (bytes == 4) {
            float[] x = (float[]) a;
            float[] c = (float[]) acc;
            java.util.Arrays.fill(c, 0, MR * NR, 0);
            for (int k = 0; k < kc; k++, ao += MR, b += bStep) {
                for (int j = 0; j < NR; j++) {
                    float y = Mem.getFloat(b + 4L * j);
                    for (int i = 0; i < MR; i++) {
                        c[i * NR + j] += x[ao + i] * y;
                    }
                }
            }
        } else {
            double[] x = (double[]) a;
            double[] c = (double[]) acc;
            java.util.Arrays.fill(c, 0, MR * NR, 0);
            for (int k = 0; k < kc; k++, ao += MR, b += bStep) {
                for (int j = 0; j < NR; j++) {
                    double y = Mem.getDouble(b + 8L * j);
                    for (int i = 0; i < MR; i++) {
                        c[i * NR + j] += x[ao + i] * y;
                    }
                }
            }
        }
    }

    @Override
    public void store(Object acc, int firstCol, long c, long rowBytes, long colBytes, int rows, int cols, boolean add) {
        int nr = nr();
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                int at = i * nr + firstCol + j;
                long to = c + i * rowBytes + j * colBytes;
                if (bytes == 4) {
                    float v = ((float[]) acc)[at];
                    Mem.putFloat(to, add ? Mem.getFloat(to) + v : v);
                } else {
                    double v = ((double[]) acc)[at];
                    Mem.putDouble(to, add ? Mem.getDouble(to) + v : v);
                }
            }
        }
    }

    @Override
    public void packA(long a, long rowBytes, long colBytes, int rows, int kc, Object dst, int to) {
        int mr = mr();
        for (int i0 = 0; i0 < rows; i0 += mr, to += mr * kc) {
            int n = Math.min(mr, rows - i0);
            for (int i = 0; i < mr; i++) {
                long p = a + (i0 + i) * rowBytes;
                if (bytes == 4) {
                    packRow((float[]) dst, to + i, mr, i < n ? p : 0, colBytes, kc);
                } else {
                    packRow((double[]) dst, to + i, mr, i < n ? p : 0, colBytes, kc);
                }
            }
        }
    }

    private static void packRow(float[] dst, int to, int step, long src, long srcStep, int n) {
        for (int k = 0; k < n; k++, to += step) {
            dst[to] = src == 0 ? 0 : Mem.getFloat(src + k * srcStep);
        }
    }

    private static void packRow(double[] dst, int to, int step, long src, long srcStep, int n) {
        for (int k = 0; k < n; k++, to += step) {
            dst[to] = src == 0 ? 0 : Mem.getDouble(src + k * srcStep);
        }
    }

    @Override
    public void packB(long b, long rowBytes, long colBytes, int kc, int cols, long dst) {
        int nr = nr();
        for (int j0 = 0; j0 < cols; j0 += nr) {
            int n = Math.min(nr, cols - j0);
            for (int k = 0; k < kc; k++) {
                for (int j = 0; j < nr; j++, dst += bytes) {
                    put(dst, j < n ? get(b + k * rowBytes + (j0 + j) * colBytes) : 0);
                }
            }
        }
    }

    @Override
    public void window(long src, long step, int lo, int hi, int len, long dst) {
        for (int i = 0; i < len; i++) {
            if (bytes == 4) {
                Mem.putInt(dst + 4L * i, i >= lo && i < hi ? Mem.getInt(src + i * step) : 0);
            } else {
                Mem.putLong(dst + 8L * i, i >= lo && i < hi ? Mem.getLong(src + i * step) : 0);
            }
        }
    }

    @Override
    public double dot(long x, long y, long n) {
        double s = 0;
        for (long i = 0; i < n; i++) {
            s += get(x + i * bytes) * get(y + i * bytes);
        }
        return s;
    }

    @Override
    public void axpy(double alpha, long x, long y, long n) {
        for (long i = 0; i < n; i++) {
            put(y + i * bytes, get(y + i * bytes) + alpha * get(x + i * bytes));
        }
    }

    @Override
    public void add(long x, long y, long n) {
        for (long i = 0; i < n; i++) {
            put(y + i * bytes, get(y + i * bytes) + get(x + i * bytes));
        }
    }
}
