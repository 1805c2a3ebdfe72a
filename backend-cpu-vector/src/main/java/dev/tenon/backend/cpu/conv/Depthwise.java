package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.GemmKernel;

/// Convolution with one input channel a group: planes are independent, and rows are added up tap by tap.
final class Depthwise {

    private Depthwise() {}

    /// What to do with the part of an output row that a tap reaches: `len` outputs from `y` on, from inputs `x`, `x + step`, …
    private interface Row {
        void at(long x, long y, int tap, int len);
    }

    private static void rows(ConvShape s, long x, long y, int bytes, Row row) {
        int[] k = s.kernel();
        int[] in = s.in();
        int[] out = s.out();
        int[] stride = s.stride();
        for (int oz = 0; oz < out[0]; oz++) {
            for (int oy = 0; oy < out[1]; oy++) {
                long to = y + ((long) oz * out[1] + oy) * out[2] * bytes;
                for (int t = 0; t < s.taps(); t++) {
                    int iz = oz * stride[0] - s.pad()[0] + t / (k[1] * k[2]) * s.dilation()[0];
                    int iy = oy * stride[1] - s.pad()[1] + t / k[2] % k[1] * s.dilation()[1];
                    int ix = t % k[2] * s.dilation()[2] - s.pad()[2];
                    if (iz < 0 || iz >= in[0] || iy < 0 || iy >= in[1]) {
                        continue;
                    }
                    int lo = ix >= 0 ? 0 : (-ix + stride[2] - 1) / stride[2];
                    int hi = ix >= in[2] ? 0 : Math.min(out[2], (in[2] - ix + stride[2] - 1) / stride[2]);
                    if (hi > lo) {
                        long from = x + (((long) iz * in[1] + iy) * in[2] + ix + (long) lo * stride[2]) * bytes;
                        row.at(from, to + (long) lo * bytes, t, hi - lo);
                    }
                }
            }
        }
    }

    private static double get(long address, int bytes) {
        return bytes == 4 ? Mem.getFloat(address) : Mem.getDouble(address);
    }

    /// `y[i * yStep] += f * x[i * xStep]`.
    private static void axpy(GemmKernel kernel, double f, long x, long xStep, long y, long yStep, int n) {
        int bytes = kernel.bytes();
        if (xStep == bytes && yStep == bytes) {
            kernel.axpy(f, x, y, n);
        } else if (bytes == 4) {
            for (int i = 0; i < n; i++, x += xStep, y += yStep) {
                Mem.putFloat(y, Mem.getFloat(y) + (float) f * Mem.getFloat(x));
            }
        } else {
            for (int i = 0; i < n; i++, x += xStep, y += yStep) {
                Mem.putDouble(y, Mem.getDouble(y) + f * Mem.getDouble(x));
            }
        }
    }

    static void forward(GemmKernel kernel, WorkerPool pool, ConvShape s, long x, long w, long y) {
        int bytes = kernel.bytes();
        long step = (long) s.stride()[2] * bytes;
        int each = s.groupOut();
        pool.parallelFor((long) s.n() * s.oc(), 1, (from, to) -> {
            for (long p = from; p < to; p++) {
                long oc = p % s.oc();
                long weights = w + oc * s.taps() * bytes;
                long plane = y + p * s.outVolume() * bytes;
                Mem.zero(plane, (long) s.outVolume() * bytes);
                rows(s, x + (p / s.oc() * s.c() + oc / each) * s.inVolume() * bytes, plane, bytes, (a, b, t, n) ->
                        axpy(kernel, get(weights + (long) t * bytes, bytes), a, step, b, bytes, n));
            }
        });
    }

    static void backwardData(GemmKernel kernel, WorkerPool pool, ConvShape s, long dy, long w, long dx) {
        int bytes = kernel.bytes();
        long step = (long) s.stride()[2] * bytes;
        int each = s.groupOut();
        pool.parallelFor((long) s.n() * s.c(), 1, (from, to) -> {
            for (long p = from; p < to; p++) {
                long plane = dx + p * s.inVolume() * bytes;
                Mem.zero(plane, (long) s.inVolume() * bytes);
                for (int o = 0; o < each; o++) {
                    long oc = p % s.c() * each + o;
                    long weights = w + oc * s.taps() * bytes;
                    rows(s, plane, dy + (p / s.c() * s.oc() + oc) * s.outVolume() * bytes, bytes, (a, b, t, n) ->
                            axpy(kernel, get(weights + (long) t * bytes, bytes), b, bytes, a, step, n));
                }
            }
        });
    }

    static void backwardWeights(GemmKernel kernel, WorkerPool pool, ConvShape s, long x, long dy, long dw) {
        int bytes = kernel.bytes();
        long step = (long) s.stride()[2] * bytes;
        int each = s.groupOut();
        pool.parallelFor(s.oc(), 1, (from, to) -> {
            double[] sums = new double[s.taps()];
            for (long oc = from; oc < to; oc++) {
                java.util.Arrays.fill(sums, 0);
                for (long image = 0; image < s.n(); image++) {
                    rows(s, x + (image * s.c() + oc / each) * s.inVolume() * bytes, dy + (image * s.oc() + oc) * s.outVolume() * bytes, bytes,
                            (a, b, t, n) -> {
                                if (step == bytes) {
                                    sums[t] += kernel.dot(a, b, n);
                                } else {
                                    for (int i = 0; i < n; i++) {
                                        sums[t] += get(a + i * step, bytes) * get(b + (long) i * bytes, bytes);
                                    }
                                }
                            });
                }
                for (int t = 0; t < s.taps(); t++) {
                    long at = dw + (oc * s.taps() + t) * bytes;
                    if (bytes == 4) {
                        Mem.putFloat(at, (float) sums[t]);
                    } else {
                        Mem.putDouble(at, sums[t]);
                    }
                }
            }
        });
    }
}
