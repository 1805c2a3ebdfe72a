package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.Epilogue;
import dev.tenon.backend.cpu.gemm.Gemm;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.MatMul;
import dev.tenon.backend.cpu.gemm.PackA;
import dev.tenon.backend.cpu.gemm.StoreC;
import dev.tenon.backend.cpu.gemm.Workspace;
import java.util.List;

/// Convolution in one to three dimensions and its two gradients, as matrix products whose right operand is packed
/// from the input on the
/// fly; one channel a group goes its own way. The kernel says whether elements are floats or doubles.
public final class Conv {

    private Conv() {}

    /// `y = conv(x, w)`.
    ///
    /// @param epilogue called for finished parts, or null: rows are channels within `group`, columns are `image *
    ///     outVolume + point`
    public static void forward(GemmKernel kernel, WorkerPool pool, ConvShape s, long x, long w, long y,
            GroupEpilogue epilogue) {
        if (s.groupIn() == 1 && s.groups() > 1 && epilogue == null) {
            Depthwise.forward(kernel, pool, s, x, w, y);
            return;
        }
        int bytes = kernel.bytes();
        int inner = s.groupIn() * s.taps();
        int[][] offsets = offsets(s);
        for (int g = 0; g < s.groups(); g++) {
            int group = g;
            var a = new MatMul.Matrix(w + (long) g * s.groupOut() * inner * bytes, inner, 1);
            var b = new Windows(
                    kernel, pool, s.n(), x + (long) g * s.groupIn() * s.inVolume() * bytes, s.c(), s.groupIn(),
                            s.in(), s.out(), s.stride(),
                    offsets, Workspace.BORDERED);
            StoreC c = images(y + (long) g * s.groupOut() * s.outVolume() * bytes, s.oc(), s.outVolume(), bytes);
            Epilogue e = epilogue == null ? null : (i, rows, j, cols) -> epilogue.apply(group, i, rows, j, cols);
            Gemm.run(kernel, pool, s.groupOut(), s.n() * s.outVolume(), inner, MatMul.matrixA(kernel, a), b, c,
                    false, e);
        }
    }

    /// What is still to be done with finished parts of one group's output.
    @FunctionalInterface
    public interface GroupEpilogue {
        /// Channels `i0 .. i0 + rows` of `group`, points `j0 .. j0 + cols` (counted through all images) are finished.
        void apply(int group, int i0, int rows, int j0, int cols);
    }

    static int[][] offsets(ConvShape s) {
        int[][] o = new int[s.taps()][];
        int t = 0;
        for (int z = 0; z < s.kernel()[0]; z++) {
            for (int y = 0; y < s.kernel()[1]; y++) {
                for (int x = 0; x < s.kernel()[2]; x++) {
                    o[t++] = new int[] {
                        z * s.dilation()[0] - s.pad()[0], y * s.dilation()[1] - s.pad()[1],
                                x * s.dilation()[2] - s.pad()[2]
                    };
                }
            }
        }
        return o;
    }

    /// Columns run through the points of one image after the other.
    private static StoreC images(long c, int channels, int volume, int bytes) {
        return new Images(c, channels, volume, bytes);
    }

    private record Images(long c, int channels, int volume, int bytes) implements StoreC {
        @Override
        public long direct(int i, int j, int cols) {
            int p = j % volume;
            return p + cols <= volume ? c + (((long) (j / volume) * channels + i) * volume + p) * bytes : 0;
        }

        @Override
        public long step() {
            return (long) volume * bytes;
        }

        @Override
        public void store(GemmKernel kernel, long acc, int i, int rows, int j, int cols, boolean add) {
            int done = 0;
            while (done < cols) {
                int image = (j + done) / volume;
                int p = (j + done) % volume;
                int len = Math.min(volume - p, cols - done);
                long at = c + (((long) image * channels + i) * volume + p) * bytes;
                kernel.store(acc, done, at, (long) volume * bytes, bytes, rows, len, add);
                done += len;
            }
        }
    }

    /// The gradient of the input: `dx` from `dy` and `w`.
    ///
    /// Input points whose position has the same residue modulo the stride meet the same kernel elements: each such
    /// class is one product over a
    /// dense grid, and no multiplication by an inserted zero is ever done.
    public static void backwardData(GemmKernel kernel, WorkerPool pool, ConvShape s, long dy, long w, long dx) {
        if (s.groupIn() == 1 && s.groups() > 1) {
            Depthwise.backwardData(kernel, pool, s, dy, w, dx);
            return;
        }
        int[] stride = s.stride();
        for (int z = 0; z < Math.min(stride[0], s.in()[0]); z++) {
            for (int y = 0; y < Math.min(stride[1], s.in()[1]); y++) {
                for (int x = 0; x < Math.min(stride[2], s.in()[2]); x++) {
                    residue(kernel, pool, s, dy, w, dx, new int[] {z, y, x});
                }
            }
        }
    }

    private static void residue(GemmKernel kernel, WorkerPool pool, ConvShape s, long dy, long w, long dx,
            int[] first) {
        int bytes = kernel.bytes();
        Residue r = Residue.of(s, first);
        int[] grid = r.grid();
        List<Integer> taps = r.taps();
        int[][] offset = r.offsets();
        int inner = s.groupOut() * taps.size();
        for (int g = 0; g < s.groups(); g++) {
            PackA a = turned(kernel, s, w + (long) g * s.groupOut() * s.groupIn() * s.taps() * bytes, taps);
            var b = new Windows(
                    kernel, pool, s.n(), dy + (long) g * s.groupOut() * s.outVolume() * bytes, s.oc(), s.groupOut(),
                            s.out(), grid,
                    new int[] {1, 1, 1}, offset, Workspace.BORDERED);
            StoreC c = scattered(s, dx + (long) g * s.groupIn() * s.inVolume() * bytes, first, grid, bytes);
            Gemm.run(kernel, pool, s.groupIn(), s.n() * grid[0] * grid[1] * grid[2], inner, a, b, c, false, null);
        }
    }

    /// The left operand whose rows are channels in, and whose inner index runs through `taps` for one channel out after
    /// the other.
    ///
    /// A panel's weights lie together for each channel out: they are turned as one block, and the rows of `taps` taken
    /// out of it.
    private static PackA turned(GemmKernel kernel, ConvShape s, long w, List<Integer> taps) {
        int bytes = kernel.bytes();
        int mr = kernel.mr();
        int all = s.taps();
        int count = taps.size();
        if (count == 1) {
            return MatMul.matrixA(kernel, new MatMul.Matrix(
                    w + (long) taps.getFirst() * bytes, all, (long) s.groupIn() * all));
        }
        int[] tap = taps.stream().mapToInt(Integer::intValue).toArray();
        long end = w + (long) s.groupOut() * s.groupIn() * all * bytes;
        return (i0, rows, k0, kc, dst) -> {
            // Blocks of whole vectors are turned fastest: what follows a row comes along where there is any.
            int wide = Math.max(all, 16);
            long block = Workspace.get().memory(Workspace.CALLER, (long) wide * mr * bytes + 64);
            for (int i = 0; i < rows; i += mr) {
                int some = Math.min(mr, rows - i);
                int len;
                for (int k = 0; k < kc; k += len, dst += (long) len * mr * bytes) {
                    int t = (k0 + k) % count;
                    len = Math.min(count - t, kc - k);
                    long at = w + ((long) ((k0 + k) / count) * s.groupIn() + i0 + i) * all * bytes;
                    boolean fits = at + ((long) (some - 1) * all + wide) * bytes <= end;
                    kernel.packA(at, (long) all * bytes, bytes, some, fits ? wide : all, block);
                    copyRows(block, tap, t, len, dst, (long) mr * bytes);
                }
            }
        };
    }

    /// Rows `rows[first] .. rows[first + count]`, of a multiple of 8 bytes each, one after the other.
    private static void copyRows(long from, int[] rows, int first, int count, long to, long bytes) {
        for (int t = first; t < first + count; t++) {
            long row = from + rows[t] * bytes;
            for (long end = row + bytes; row < end; row += 8, to += 8) {
                Mem.putLong(to, Mem.getLong(row));
            }
        }
    }

    /// Columns are the points of one residue class.
    private static StoreC scattered(ConvShape s, long c, int[] first, int[] grid, int bytes) {
        int[] stride = s.stride();
        if (stride[0] == 1 && stride[1] == 1 && stride[2] == 1) {
            return images(c, s.c(), s.inVolume(), bytes);
        }
        return new StoreC() {
            @Override
            public long direct(int i, int j, int cols) {
                return 0;
            }

            @Override
            public long step() {
                return 0;
            }

            @Override
            public void store(GemmKernel kernel, long acc, int i, int rows, int j, int cols, boolean add) {
                scatter(s, c, first, grid, bytes, kernel, acc, i, rows, j, cols, add);
            }
        };
    }

    private static void scatter(
            ConvShape s, long c, int[] first, int[] grid, int bytes, GemmKernel kernel, long acc, int i, int rows,
                    int j, int cols,
            boolean add) {
        int[] stride = s.stride();
            int done = 0;
            while (done < cols) {
                int x = (j + done) % grid[2];
                int row = (j + done) / grid[2];
                int y = row % grid[1];
                int z = row / grid[1] % grid[0];
                int image = row / grid[1] / grid[0];
                int len = Math.min(grid[2] - x, cols - done);
                long point = ((long) (first[0] + z * stride[0]) * s.in()[1] + first[1] + y * stride[1]) * s.in()[2]
                        + first[2] + x * stride[2];
                long at = c + (((long) image * s.c() + i) * s.inVolume() + point) * bytes;
                kernel.store(acc, done, at, (long) s.inVolume() * bytes, (long) stride[2] * bytes, rows, len, add);
                done += len;
        }
    }

    /// The gradient of the weights: `dw` from `x` and `dy`.
    ///
    /// The inner dimension is all points of all images; each thread sums its share of the images for itself and the
    /// shares are added in
    /// order, so the result is the same from run to run.
    public static void backwardWeights(GemmKernel kernel, WorkerPool pool, ConvShape s, long x, long dy, long dw) {
        if (s.groupIn() == 1 && s.groups() > 1) {
            Depthwise.backwardWeights(kernel, pool, s, x, dy, dw);
            return;
        }
        int bytes = kernel.bytes();
        int inner = s.groupIn() * s.taps();
        long size = (long) s.oc() * inner;
        // Few images, or so many weights that the partial sums would cost more than they save: share out one product
        // instead.
        int parts = size * bytes > 8 << 20 ? 1 : Math.max(1, Math.min(pool.threads(), s.n()));
        long partial = parts == 1 ? 0 : Workspace.get().memory(Workspace.CALLER, (parts - 1) * size * bytes);
        int[][] offsets = offsets(s);
        WorkerPool.RangeBody part = (p, ignored) -> {
            int from = (int) (s.n() * p / parts);
            int images = (int) (s.n() * (p + 1) / parts) - from;
            long out = p == 0 ? dw : partial + (p - 1) * size * bytes;
            for (int g = 0; g < s.groups(); g++) {
                long xs = x + ((long) from * s.c() + (long) g * s.groupIn()) * s.inVolume() * bytes;
                long dys = dy + ((long) from * s.oc() + (long) g * s.groupOut()) * s.outVolume() * bytes;
                var b = new Windows(
                                kernel, parts == 1 ? pool : null, images, xs, s.c(), s.groupIn(), s.in(), s.out(),
                                        s.stride(), offsets,
                                Workspace.BORDERED)
                        .transposed();
                StoreC c = StoreC.matrix(kernel, out + (long) g * s.groupOut() * inner * bytes, (long) inner * bytes,
                        bytes);
                Gemm.run(
                        kernel, parts == 1 ? pool : null, s.groupOut(), inner, images * s.outVolume(),
                                points(kernel, dys, s.oc(), s.outVolume()), b, c, false, null);
            }
        };
        if (parts == 1) {
            part.run(0, 1);
            return;
        }
        pool.parallelTasks(parts, part);
        pool.parallelFor(size, 8192, (from, to) -> {
            for (int p = 1; p < parts; p++) {
                kernel.add(partial + ((p - 1) * size + from) * bytes, dw + from * bytes, to - from);
            }
        });
    }

    /// The left operand whose rows are channels and whose inner index runs through the points of one image after the
    /// other.
    private static PackA points(GemmKernel kernel, long y, int channels, int volume) {
        int bytes = kernel.bytes();
        int mr = kernel.mr();
        return (i0, rows, k0, kc, dst) -> {
            for (int i = 0; i < rows; i += mr, dst += (long) mr * kc * bytes) {
                int done = 0;
                while (done < kc) {
                    int image = (k0 + done) / volume;
                    int p = (k0 + done) % volume;
                    int len = Math.min(volume - p, kc - done);
                    long at = y + (((long) image * channels + i0 + i) * volume + p) * bytes;
                    kernel.packA(at, (long) volume * bytes, bytes, Math.min(mr, rows - i), len, dst
                            + (long) done * mr * bytes);
                    done += len;
                }
            }
        };
    }
}
