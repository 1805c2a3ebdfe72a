package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.Workspace;

/// Convolution with one input channel a group: planes are independent, and each row of the result is a weighted sum
/// of rows.
final class Depthwise {

    private static final int[] ONE = {1, 1, 1};

    private Depthwise() {}

    private static long grain(long work) {
        return Math.max(1, 50_000 / Math.max(1, work));
    }

    static void forward(GemmKernel kernel, WorkerPool pool, ConvShape s, long x, long w, long y) {
        int bytes = kernel.bytes();
        int each = s.groupOut();
        var in = new Windows(kernel, pool, s.n() * s.c(), x, 1, 1, s.in(), s.out(), s.stride(), Conv.offsets(s),
                Workspace.BORDERED);
        long length = (long) in.rowLength() * bytes;
        pool.parallelFor((long) s.n() * s.oc(), grain((long) s.outVolume() * s.taps()), (from, to) -> {
            for (long p = from; p < to; p++) {
                int oc = (int) (p % s.oc());
                int plane = (int) (p / s.oc()) * s.c() + oc / each;
                long weights = w + (long) oc * s.taps() * bytes;
                for (int r = 0; r < in.rows(); r++) {
                    kernel.weighRows(in.row(plane, r), in.offsets(), weights, in.rowLength(), y
                            + (p * in.rows() + r) * length);
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
        // The outputs of a channel lie side by side, so each input plane is an image of its own with `each` channels.
        var out = new Windows(
                kernel, pool, s.n() * s.c(), dy, each, each, s.out(), c.grid(), ONE, c.offsets(), Workspace.BORDERED);
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
        int length = out.rowLength();
        int perRow = length / c.grid()[2]; // rows of the grid that are one in memory
        pool.parallelFor((long) s.n() * s.c(), grain((long) s.inVolume() * s.taps() * each), (from, to) -> {
            long row = Workspace.get().memory(Workspace.TILE, (long) length * bytes);
            for (long p = from; p < to; p++) {
                long plane = dx + p * s.inVolume() * bytes;
                long weights = turned + p % s.c() * inner * bytes;
                for (int r = 0; r < out.rows(); r++) {
                    long dst = whole ? plane + (long) r * length * bytes : row;
                    kernel.weighRows(out.row((int) p, r), out.offsets(), weights, length, dst);
                    for (int i = 0; !whole && i < perRow; i++) {
                        spread(s, c, r * perRow + i, row + (long) i * c.grid()[2] * bytes, plane, bytes);
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
        var in = new Windows(kernel, pool, s.n() * s.c(), x, 1, 1, s.in(), s.out(), s.stride(), Conv.offsets(s),
                Workspace.BORDERED);
        long length = (long) in.rowLength() * bytes;
        long size = (long) s.taps() * lanes * bytes;
        pool.parallelFor(s.oc(), 1, (from, to) -> {
            double[] total = new double[s.taps()];
            long sums = Workspace.get().memory(Workspace.TILE, size);
            for (long oc = from; oc < to; oc++) {
                java.util.Arrays.fill(total, 0);
                for (int image = 0; image < s.n(); image++) {
                    Mem.zero(sums, size);
                    long plane = dy + ((long) image * s.oc() + oc) * s.outVolume() * bytes;
                    for (int r = 0; r < in.rows(); r++) {
                        long points = in.row(image * s.c() + (int) oc / each, r);
                        kernel.dotRows(points, in.offsets(), plane + r * length, in.rowLength(), sums);
                    }
                    for (int i = 0; i < s.taps() * lanes; i++) {
                        total[i / lanes] += bytes == 4 ? Mem.getFloat(sums + 4L * i) : Mem.getDouble(sums + 8L * i);
                    }
                }
                for (int t = 0; t < s.taps(); t++) {
                    long at = dw + (oc * s.taps() + t) * bytes;
                    if (bytes == 4) {
                        Mem.putFloat(at, (float) total[t]);
                    } else {
                        Mem.putDouble(at, total[t]);
                    }
                }
            }
        });
    }
}
