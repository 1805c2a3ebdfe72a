package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.Workspace;

/// Convolution with one input channel a group: planes are independent, and each row of the result is a weighted sum
/// of rows.
final class Depthwise {

    private static final int[] ONE = {1, 1, 1};
    /// Products that a lane sums in the precision of its elements before the sum goes on in doubles.
    private static final long FLUSH = 512;
    /// Bytes of sums that are kept from image to image.
    private static final long SUMS = 128 << 10;

    private Depthwise() {}

    private static long grain(long work) {
        return Math.max(1, 200_000 / Math.max(1, work));
    }

    static void forward(GemmKernel kernel, WorkerPool pool, ConvShape s, long x, long w, long y) {
        int bytes = kernel.bytes();
        int each = s.groupOut();
        long inBytes = (long) s.inVolume() * bytes;
        long rowBytes = (long) s.out()[2] * bytes;
        var in = new Bands(kernel, 1, s.in(), s.out(), s.stride(), Conv.offsets(s));
        pool.parallelFor((long) s.n() * s.oc(), grain((long) s.outVolume() * s.taps()), (from, to) -> {
            for (long p = from; p < to; p++) {
                int oc = (int) (p % s.oc());
                long plane = x + (p / s.oc() * s.c() + oc / each) * inBytes;
                long weights = w + (long) oc * s.taps() * bytes;
                for (int b = 0; b < in.count(); b++) {
                    long dst = y + p * s.outVolume() * bytes + in.firstRow(b) * rowBytes;
                    kernel.weighRows(in.load(plane, b), in.rowStep(), in.offsets(), weights, in.rows(b), s.out()[2],
                            dst, rowBytes);
                }
            }
        });
    }

    static void backwardData(GemmKernel kernel, WorkerPool pool, ConvShape s, long dy, long w, long dx) {
        for (Residue r : Residue.all(s)) {
            residue(kernel, pool, s, r, dy, w, dx);
        }
    }

    private static void residue(GemmKernel kernel, WorkerPool pool, ConvShape s, Residue c, long dy, long w, long dx) {
        int bytes = kernel.bytes();
        int each = s.groupOut();
        int inner = each * c.taps().size();
        // The outputs of a channel lie side by side.
        var out = new Bands(kernel, each, s.out(), c.grid(), ONE, c.offsets());
        long turned = Workspace.get().memory(Workspace.CALLER, (long) s.c() * Math.max(1, inner) * bytes);
        long at = turned;
        for (int o = 0; o < s.oc(); o++) {
            for (int t : c.taps()) {
                Mem.copyElement(w + ((long) o * s.taps() + t) * bytes, at, bytes);
                at += bytes;
            }
        }
        int[] stride = s.stride();
        boolean whole = stride[0] == 1 && stride[1] == 1 && stride[2] == 1;
        int length = c.grid()[2];
        long rowBytes = (long) length * bytes;
        pool.parallelFor((long) s.n() * s.c(), grain((long) s.inVolume() * s.taps() * each), (from, to) -> {
            for (long p = from; p < to; p++) {
                long plane = dx + p * s.inVolume() * bytes;
                long weights = turned + p % s.c() * inner * bytes;
                for (int b = 0; b < out.count(); b++) {
                    int rows = out.rows(b);
                    int first = out.firstRow(b);
                    long dst = whole ? plane + first * rowBytes
                            : Workspace.get().memory(Workspace.TILE, rows * rowBytes);
                    long points = out.load(dy + p * each * s.outVolume() * bytes, b);
                    kernel.weighRows(points, out.rowStep(), out.offsets(), weights, rows, length, dst, rowBytes);
                    for (int r = 0; !whole && r < rows; r++) {
                        spread(s, c, first + r, dst + r * rowBytes, plane, bytes);
                    }
                }
            }
        });
    }

    private static void spread(ConvShape s, Residue c, int gridRow, long row, long plane, int bytes) {
        int z = c.first()[0] + gridRow / c.grid()[1] * s.stride()[0];
        int y = c.first()[1] + gridRow % c.grid()[1] * s.stride()[1];
        long dst = plane + (((long) z * s.in()[1] + y) * s.in()[2] + c.first()[2]) * bytes;
        long step = (long) s.stride()[2] * bytes;
        for (int i = 0; i < c.grid()[2]; i++, row += bytes, dst += step) {
            Mem.copyElement(row, dst, bytes);
        }
    }

    static void backwardWeights(GemmKernel kernel, WorkerPool pool, ConvShape s, long x, long dy, long dw) {
        int bytes = kernel.bytes();
        int each = s.groupOut();
        int lanes = kernel.nr() / 2;
        long rowBytes = (long) s.out()[2] * bytes;
        var in = new Bands(kernel, 1, s.in(), s.out(), s.stride(), Conv.offsets(s));
        long size = (long) s.taps() * lanes * bytes;
        int most = (int) Math.max(1, SUMS / size);
        pool.parallelFor(s.oc(), grain((long) s.n() * s.outVolume() * s.taps()), (from, to) -> {
            for (long first = from; first < to; first += most) {
                int count = (int) Math.min(most, to - first);
                double[][] total = new double[count][s.taps()];
                long[] summed = new long[count];
                long sums = Workspace.get().memory(Workspace.TILE, count * size);
                Mem.zero(sums, count * size);
                // Image by image: planes that follow each other in memory are read one after the other.
                for (long p = 0; p < (long) s.n() * count; p++) {
                    int i = (int) (p % count);
                    long oc = first + i;
                    long points = x + (p / count * s.c() + oc / each) * s.inVolume() * bytes;
                    long plane = dy + (p / count * s.oc() + oc) * s.outVolume() * bytes;
                    for (int b = 0; b < in.count(); b++) {
                        kernel.dotRows(in.load(points, b), in.rowStep(), in.offsets(), plane + in.firstRow(b)
                                * rowBytes, rowBytes, in.rows(b), s.out()[2], sums + i * size);
                        summed[i] += (long) in.rows(b) * s.out()[2];
                        if (summed[i] >= FLUSH * lanes) {
                            flush(sums + i * size, lanes, bytes, total[i]);
                            summed[i] = 0;
                        }
                    }
                }
                for (int i = 0; i < count; i++) {
                    flush(sums + i * size, lanes, bytes, total[i]);
                    for (int t = 0; t < s.taps(); t++) {
                        long at = dw + ((first + i) * s.taps() + t) * bytes;
                        if (bytes == 4) {
                            Mem.putFloat(at, (float) total[i][t]);
                        } else {
                            Mem.putDouble(at, total[i][t]);
                        }
                    }
                }
            }
        });
    }

    /// Adds the lanes of each sum to its total, and sets them to zero.
    private static void flush(long sums, int lanes, int bytes, double[] total) {
        for (int t = 0; t < total.length; t++) {
            double even = 0;
            double odd = 0;
            long end = sums + (t + 1L) * lanes * bytes;
            for (long at = end - (long) lanes * bytes; at < end; at += 2L * bytes) {
                even += bytes == 4 ? Mem.getFloat(at) : Mem.getDouble(at);
                odd += bytes == 4 ? Mem.getFloat(at + 4) : Mem.getDouble(at + 8);
            }
            total[t] += even + odd;
        }
        Mem.zero(sums, (long) total.length * lanes * bytes);
    }
}
