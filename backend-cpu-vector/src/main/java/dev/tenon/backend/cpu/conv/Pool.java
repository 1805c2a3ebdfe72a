package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import java.util.Arrays;

/// Maximum and average pooling in one to three dimensions, and their gradients. The shape's `oc` and `groups` are
/// not looked at; planes are
/// `n * c`. Elements are floats or doubles: `bytes` is 4 or 8.
public final class Pool {

    private Pool() {}

    private static double get(long address, int bytes) {
        return bytes == 4 ? Mem.getFloat(address) : Mem.getDouble(address);
    }

    private static void put(long address, int bytes, double value) {
        if (bytes == 4) {
            Mem.putFloat(address, (float) value);
        } else {
            Mem.putDouble(address, value);
        }
    }

    private static long grain(ConvShape s) {
        return Math.max(1, 20_000 / Math.max(1, (long) s.outVolume() * s.taps()));
    }

    /// The first kernel element that is inside the input, when its element 0 is at `start`.
    private static int first(int start, int dilation) {
        return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    }

    /// The number of kernel elements up to the last one that is inside the input.
    private static int last(int start, int dilation, int kernel, int size) {
        return start >= size ? 0 : Math.min(kernel, (size - start + dilation - 1) / dilation);
    }

    /// The first output in a row whose window has all its columns inside; none unless vectors can do the row.
    private static int innerFrom(boolean vector, ConvShape s, int bytes) {
        int stride = s.stride()[2];
        return vector && bytes == 4 && stride <= 2 && VectorPool.AVAILABLE
                ? (s.pad()[2] + stride - 1) / stride : s.out()[2];
    }

    /// The output after the last such one.
    private static int innerTo(ConvShape s) {
        int room = s.in()[2] + s.pad()[2] - s.dilation()[2] * (s.kernel()[2] - 1) - 1;
        return room < 0 ? 0 : Math.min(s.out()[2], room / s.stride()[2] + 1);
    }

    /// The maximum of each window, and where it is, as an index into its plane; NaN is a maximum. Of equal ones the
    /// first counts.
    ///
    /// @param vector whether to use the Vector API; only where [dev.tenon.backend.cpu.VectorSupport#AVAILABLE]
    /// @param indices where the i64 indices go, or 0
    public static void max(boolean vector, WorkerPool pool, ConvShape s, int bytes, long x, long y, long indices) {
        VectorMaxPool vectors = vector && bytes == 4 ? VectorMaxPool.of(s) : null;
        pool.parallelFor((long) s.n() * s.c(), grain(s), (from, to) -> {
            long rows = vectors == null ? 0 : vectors.rows();
            for (long p = from; p < to; p++) {
                long plane = x + p * s.inVolume() * bytes;
                long result = y + p * s.outVolume() * bytes;
                long positions = indices == 0 ? 0 : indices + p * s.outVolume() * 8;
                if (vectors != null) {
                    vectors.plane(rows, plane, result, positions);
                } else {
                    maxPlane(s, bytes, plane, result, positions);
                }
            }
        });
    }

    private static void maxPlane(ConvShape s, int bytes, long x, long y, long indices) {
        int[] in = s.in();
        int[] out = s.out();
        int[] k = s.kernel();
        int[] dil = s.dilation();
        for (int oz = 0; oz < out[0]; oz++) {
            int z = oz * s.stride()[0] - s.pad()[0];
            for (int oy = 0; oy < out[1]; oy++) {
                int yy = oy * s.stride()[1] - s.pad()[1];
                int y0 = first(yy, dil[1]);
                int y1 = last(yy, dil[1], k[1], in[1]);
                for (int ox = 0; ox < out[2]; ox++, y += bytes) {
                    int xx = ox * s.stride()[2] - s.pad()[2];
                    int x0 = first(xx, dil[2]);
                    int x1 = last(xx, dil[2], k[2], in[2]);
                    double best = Double.NEGATIVE_INFINITY;
                    long at = -1;
                    for (int kz = first(z, dil[0]); kz < last(z, dil[0], k[0], in[0]); kz++) {
                        for (int ky = y0; ky < y1; ky++) {
                            long i = ((long) (z + kz * dil[0]) * in[1] + yy + ky * dil[1]) * in[2] + xx + x0 * dil[2];
                            for (int kx = x0; kx < x1; kx++, i += dil[2]) {
                                double v = get(x + i * bytes, bytes);
                                if (v > best || at < 0 || v != v && best == best) {
                                    best = v;
                                    at = i;
                                }
                            }
                        }
                    }
                    put(y, bytes, best);
                    if (indices != 0) {
                        Mem.putLong(indices, at);
                        indices += 8;
                    }
                }
            }
        }
    }

    /// The gradient of [#max]: each output's gradient goes to the element its index names.
    public static void maxBackward(WorkerPool pool, ConvShape s, int bytes, long dy, long indices, long dx) {
        pool.parallelFor((long) s.n() * s.c(), grain(s), (from, to) -> {
            for (long p = from; p < to; p++) {
                long plane = dx + p * s.inVolume() * bytes;
                Mem.zero(plane, (long) s.inVolume() * bytes);
                if (bytes == 4) {
                    maxBackwardPlane(s.outVolume(), dy + p * s.outVolume() * 4, indices + p * s.outVolume() * 8, plane);
                    continue;
                }
                for (long o = p * s.outVolume(); o < (p + 1) * s.outVolume(); o++) {
                    long i = Mem.getLong(indices + o * 8);
                    if (i >= 0) {
                        long at = plane + i * bytes;
                        put(at, bytes, get(at, bytes) + get(dy + o * bytes, bytes));
                    }
                }
            }
        });
    }

    private static void maxBackwardPlane(int n, long dy, long indices, long plane) {
        for (int o = 0; o < n; o++, dy += 4, indices += 8) {
            long i = Mem.getLong(indices);
            if (i >= 0) {
                long at = plane + 4 * i;
                Mem.putFloat(at, Mem.getFloat(at) + Mem.getFloat(dy));
            }
        }
    }

    /// The mean of each window.
    ///
    /// @param vector whether to use the Vector API; only where [dev.tenon.backend.cpu.VectorSupport#AVAILABLE]
    /// @param padAfter zeros after the input (d, h, w): what the sizes of the windows are counted up to when
    ///     `countIncludePad`
    /// @param countIncludePad whether padding counts in the divisor
    public static void average(
            boolean vector, WorkerPool pool, ConvShape s, int bytes, int[] padAfter, boolean countIncludePad, long x,
            long y) {
        averages(vector, pool, s, bytes, padAfter, countIncludePad, x, y, false);
    }

    /// The gradient of [#average].
    public static void averageBackward(
            WorkerPool pool, ConvShape s, int bytes, int[] padAfter, boolean countIncludePad, long dy, long dx) {
        averages(false, pool, s, bytes, padAfter, countIncludePad, dx, dy, true);
    }

    private static void averages(
            boolean vector, WorkerPool pool, ConvShape s, int bytes, int[] padAfter, boolean countPad, long x, long y,
                    boolean backward) {
        int[] after = Arrays.copyOf(padAfter, 3);
        pool.parallelFor((long) s.n() * s.c(), grain(s), (from, to) -> {
            for (long p = from; p < to; p++) {
                long plane = x + p * s.inVolume() * bytes;
                if (backward) {
                    Mem.zero(plane, (long) s.inVolume() * bytes);
                }
                averagePlane(vector, s, bytes, after, countPad, plane, y + p * s.outVolume() * bytes, backward);
            }
        });
    }

    private static int counted(int start, int kernel, int dilation, int size, int after) {
        // windows may reach past the padding when output sizes were rounded up: that part never counts
        return last(start, dilation, kernel, size + after);
    }

    private static void averagePlane(boolean vector, ConvShape s, int bytes, int[] after, boolean countPad, long x,
            long y, boolean backward) {
        int[] in = s.in();
        int[] out = s.out();
        int[] k = s.kernel();
        int[] dil = s.dilation();
        for (int oz = 0; oz < out[0]; oz++) {
            int z = oz * s.stride()[0] - s.pad()[0];
            int z0 = first(z, dil[0]);
            int z1 = last(z, dil[0], k[0], in[0]);
            for (int oy = 0; oy < out[1]; oy++) {
                int yy = oy * s.stride()[1] - s.pad()[1];
                int y0 = first(yy, dil[1]);
                int y1 = last(yy, dil[1], k[1], in[1]);
                int inner = !backward && z >= 0 && k[0] == 1 && y1 > y0 ? innerFrom(vector, s, bytes) : out[2];
                int innerTo = innerTo(s);
                for (int ox = 0; ox < out[2]; ox++, y += bytes) {
                    int xx = ox * s.stride()[2] - s.pad()[2];
                    if (ox == inner && innerTo > ox) {
                        int n = innerTo - ox;
                        long at = x + 4L * ((z * in[1] + yy + y0 * dil[1]) * in[2] + xx);
                        int counted = k[2] * (countPad ? counted(yy, k[1], dil[1], in[1], after[1]) : y1 - y0);
                        VectorPool.sum(at, s.stride()[2], y1 - y0, 4L * dil[1] * in[2], k[2], 4L * dil[2],
                                1f / counted, n, y);
                        y += 4L * (n - 1);
                        ox += n - 1;
                        continue;
                    }
                    int x0 = first(xx, dil[2]);
                    int x1 = last(xx, dil[2], k[2], in[2]);
                    double count = countPad
                            ? (double) counted(z, k[0], dil[0], in[0], after[0]) * counted(yy, k[1], dil[1], in[1],
                                    after[1])
                                    * counted(xx, k[2], dil[2], in[2], after[2])
                            : (double) Math.max(0, z1 - z0) * Math.max(0, y1 - y0) * Math.max(0, x1 - x0);
                    double sum = 0;
                    double share = backward ? get(y, bytes) / count : 0;
                    for (int kz = z0; kz < z1; kz++) {
                        for (int ky = y0; ky < y1; ky++) {
                            long at = x + (((long) (z + kz * dil[0]) * in[1] + yy + ky * dil[1]) * in[2] + xx
                                    + x0 * dil[2]) * bytes;
                            for (int kx = x0; kx < x1; kx++, at += (long) dil[2] * bytes) {
                                if (backward) {
                                    put(at, bytes, get(at, bytes) + share);
                                } else {
                                    sum += get(at, bytes);
                                }
                            }
                        }
                    }
                    if (!backward) {
                        put(y, bytes, sum / count);
                    }
                }
            }
        }
    }
}
