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
    public void tile(int rows, boolean wide, int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        int cols = wide ? nr() : nr() / 2;
        for (int i = 0; i < rows; i += MR) {
            int r = Math.min(MR, rows - i);
            for (int j = 0; j < cols; j += 2) {
                long at = c + i * cStep + (long) j * bytes;
                if (bytes == 4) {
                    floats(r, kc, a + 4L * i, aStep, b + 4L * j, bStep, at, cStep);
                } else {
                    doubles(r, kc, a + 8L * i, aStep, b + 8L * j, bStep, at, cStep);
                }
            }
        }
    }

    @Override
    public void narrow(int rows, int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cStep) {
        for (int i = 0; i < rows; i++) {
            tile(1, false, kc, a + i * aRow, aStep, b, bStep, c + i * cStep, cStep);
        }
    }

    @Override
    public void tileInPlace(int rows, long a, long[] offsets, long x, long y, long c, long cStep) {
        int half = nr() / 2;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < nr(); j++) {
                long b = j < half ? x + (long) j * bytes : y + (long) (j - half) * bytes;
                double s = 0;
                for (int k = 0; k < offsets.length; k++) {
                    s += get(a + ((long) k * rows + i) * bytes) * get(b + offsets[k]);
                }
                put(c + i * cStep + (long) j * bytes, s);
            }
        }
    }

    private static void floats(int rows, int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        for (int i = 0; i < rows; i++, a += 4, c += cStep) {
            float s = 0;
            float t = 0;
            for (int k = 0; k < kc; k++) {
                float x = Mem.getFloat(a + k * aStep);
                s += x * Mem.getFloat(b + k * bStep);
                t += x * Mem.getFloat(b + k * bStep + 4);
            }
            Mem.putFloat(c, s);
            Mem.putFloat(c + 4, t);
        }
    }

    private static void doubles(int rows, int kc, long a, long aStep, long b, long bStep, long c, long cStep) {
        for (int i = 0; i < rows; i++, a += 8, c += cStep) {
            double s = 0;
            double t = 0;
            for (int k = 0; k < kc; k++) {
                double x = Mem.getDouble(a + k * aStep);
                s += x * Mem.getDouble(b + k * bStep);
                t += x * Mem.getDouble(b + k * bStep + 8);
            }
            Mem.putDouble(c, s);
            Mem.putDouble(c + 8, t);
        }
    }

    @Override
    public void store(long tile, int firstCol, long c, long rowBytes, long colBytes, int rows, int cols, boolean add) {
        for (int i = 0; i < rows; i++) {
            long from = tile + ((long) i * nr() + firstCol) * bytes;
            long to = c + i * rowBytes;
            for (int j = 0; j < cols; j++, from += bytes, to += colBytes) {
                put(to, add ? get(to) + get(from) : get(from));
            }
        }
    }

    @Override
    public void packA(long a, long rowBytes, long colBytes, int rows, int kc, long dst) {
        int mr = mr();
        for (int i0 = 0; i0 < rows; i0 += mr, dst += (long) mr * kc * bytes) {
            int n = Math.min(mr, rows - i0);
            for (int i = 0; i < n; i++) {
                long from = a + (i0 + i) * rowBytes;
                long to = dst + (long) i * bytes;
                if (bytes == 4) {
                    for (int k = 0; k < kc; k++, from += colBytes, to += 4L * mr) {
                        Mem.putInt(to, Mem.getInt(from));
                    }
                } else {
                    for (int k = 0; k < kc; k++, from += colBytes, to += 8L * mr) {
                        Mem.putLong(to, Mem.getLong(from));
                    }
                }
            }
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
    public void splitRows(long src, int len, int rows, int parts, long dst, long pitch) {
        for (int r = 0; r < rows; r++, src += (long) len * bytes) {
            for (int p = 0; p < parts; p++, dst += pitch) {
                int n = (len - p + parts - 1) / parts;
                for (int i = 0; i < n; i++) {
                    Mem.copyElement(src + ((long) i * parts + p) * bytes, dst + (long) i * bytes, bytes);
                }
                Mem.zero(dst + (long) n * bytes, pitch - (long) n * bytes);
            }
        }
    }

    @Override
    public void joinRows(long src, long pitch, int parts, int len, long dst) {
        for (int i = 0; i < len; i++) {
            Mem.copyElement(src + i % parts * pitch + (long) (i / parts) * bytes, dst + (long) i * bytes, bytes);
        }
    }

    @Override
    public void copyRows(long from, long[] offsets, int first, int count, int len, long dst, long pitch) {
        for (int i = 0; i < count; i++, dst += pitch) {
            long src = from + offsets[first + i];
            for (int j = 0; j < len; j++) {
                Mem.copyElement(src + (long) j * bytes, dst + (long) j * bytes, bytes);
            }
        }
    }

    @Override
    public void weighRows(long from, long fromStep, long[] offsets, long w, int rows, int len, long dst, long dstStep) {
        for (int r = 0; r < rows; r++, from += fromStep, dst += dstStep) {
            for (int i = 0; i < len; i++) {
                double s = 0;
                for (int t = 0; t < offsets.length; t++) {
                    s += get(w + (long) t * bytes) * get(from + offsets[t] + (long) i * bytes);
                }
                put(dst + (long) i * bytes, s);
            }
        }
    }

    @Override
    public void dotRows(long from, long fromStep, long[] offsets, long y, long yStep, int rows, int len, long sums) {
        int lanes = nr() / 2;
        for (int r = 0; r < rows; r++, from += fromStep, y += yStep) {
            for (int t = 0; t < offsets.length; t++) {
                double sum = 0;
                for (int i = 0; i < len; i++) {
                    sum += get(y + (long) i * bytes) * get(from + offsets[t] + (long) i * bytes);
                }
                long at = sums + ((long) t * lanes + r % lanes) * bytes;
                put(at, get(at) + sum);
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
