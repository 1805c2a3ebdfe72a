package dev.tenon.backend.cpu.conv;

import static dev.tenon.backend.cpu.conv.WinogradTransforms.LANES;
import static dev.tenon.backend.cpu.conv.WinogradTransforms.PLACES;
import static dev.tenon.backend.cpu.conv.WinogradTransforms.POINT;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.BlockedTilesF32;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.Workspace;
import java.lang.foreign.Arena;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// Convolution of floats with windows of 3 x 3 by Winograd's F(2 x 2, 3 x 3) (Lavin & Gray, "Fast Algorithms for
/// Convolutional Neural Networks", arXiv:1509.09308), and its gradient of the input, which is such a convolution with
/// turned windows: 16 multiplications for 4 results, where their definition has 36.
///
/// `Y = Aᵀ [ (G g Gᵀ) . (Bᵀ d B) ] A` for each tile of 2 x 2 results, which sees 4 x 4 points; summed over channels
/// in, the elementwise product is 16 products of matrices, tiles by channels in by channels out. The lanes of vectors
/// are channels all the way. Work is cut into strips of rows of tiles; what belongs to one stays in the cache of its
/// thread: planes are turned to points with a border of zeros, transformed, multiplied with one panel of channels out
/// after the other, transformed back, turned back to planes and given to the epilogue.
///
/// Each result is within rounding of the largest numbers that its tile sees, and what one tile holds of infinity or NaN
/// reaches all of it. So whatever comes out not finite is computed anew by [Conv], and infinity and NaN are where they
/// belong. How strips are cut does not show in the bits of the results.
public final class Winograd {
    /// What the transformed tiles of a strip should take in the cache, in bytes.
    private static final long STRIP = 1 << 20;
    /// Tiles of a strip, at least: as many multiplications are there for each weight that is read.
    private static final int LEAST = 64;
    private static final int MOST = 128;

    private final ConvShape s;
    private final boolean data;
    private final WorkerPool pool;
    private final WinogradWeights weights;
    /// Rows and columns of the images that are read, and of the results.
    private final int height;
    private final int width;
    private final int outHeight;
    private final int outWidth;
    /// Zeros before an image's first row and column; fewer than none leave some out.
    private final int top;
    private final int left;
    /// Rows and columns of tiles of an image.
    private final int down;
    private final int across;
    /// Rows of tiles of a strip.
    private final int rows;
    private final int strips;
    /// Bytes from one block of channels of a strip's tiles to the next.
    private final long block;
    /// Bytes from a place to the next, of tiles in and of tiles out.
    private final long placeIn;
    private final long placeOut;
    /// Bytes from a row of points with their border to the next.
    private final long pitch;

    private Winograd(ConvShape s, boolean data, WorkerPool pool) {
        this.s = s;
        this.data = data;
        this.pool = pool;
        weights = data ? new WinogradWeights(s.oc(), s.c(), true) : new WinogradWeights(s.c(), s.oc(), false);
        int[] from = data ? s.out() : s.in();
        int[] to = data ? s.in() : s.out();
        height = from[1];
        width = from[2];
        outHeight = to[1];
        outWidth = to[2];
        top = data ? 2 - s.pad()[1] : s.pad()[1];
        left = data ? 2 - s.pad()[2] : s.pad()[2];
        down = (outHeight + 1) / 2;
        across = (outWidth + 1) / 2;
        int all = s.n() * down;
        int threads = pool.threads();
        int tiles = Math.clamp(STRIP / (PLACES * POINT * (weights.blocks() + 2L)), LEAST, MOST);
        int most = Math.clamp(tiles / across, 1, all);
        // As many for each thread as for the others.
        int wanted = (all + most - 1) / most;
        wanted = wanted > 1 && wanted < 4 * threads ? (wanted + threads - 1) / threads * threads : wanted;
        rows = (all + wanted - 1) / wanted;
        strips = (all + rows - 1) / rows;
        block = (long) rows * across * POINT;
        placeIn = WinogradTransforms.apart(weights.blocks() * block);
        placeOut = WinogradTransforms.apart(2 * block);
        pitch = (2 * across + 2) * POINT;
    }

    /// Whether this is a convolution of the kind.
    static boolean fits(ConvShape s) {
        return s.groups() == 1 && s.in()[0] == 1 && s.out()[0] == 1 && s.kernel()[0] == 1 && s.kernel()[1] == 3
                && s.kernel()[2] == 3 && s.stride()[1] == 1 && s.stride()[2] == 1 && s.dilation()[1] == 1
                && s.dilation()[2] == 1;
    }

    /// The convolution.
    static Winograd forward(ConvShape s, WorkerPool pool) {
        return new Winograd(s, false, pool);
    }

    /// The gradient of its input.
    static Winograd backwardData(ConvShape s, WorkerPool pool) {
        return new Winograd(s, true, pool);
    }

    /// A part of the results that was not finite.
    private record Part(int image, int channel, int channels, int point, int points) {}

    /// Computes it.
    ///
    /// @param x the address of the images that are read: of the input, or of the output's gradient
    /// @param w of the weights, `[oc, c, 3, 3]` for both
    /// @param y of the results: the output, or the input's gradient
    /// @param epilogue called for finished parts of the results, each once, or null
    public void run(long x, long w, long y, Conv.@Nullable GroupEpilogue epilogue) {
        run(x, w, 0, y, false, epilogue);
    }

    /// The weights in the form in which they are multiplied.
    WinogradWeights weights() {
        return weights;
    }

    /// Computes it of images in planes or in blocks of channels.
    ///
    /// @param ready the address of transformed weights, or 0
    /// @param blocked whether images and results lie in blocks of channels
    void run(long x, long w, long ready, long y, boolean blocked, Conv.@Nullable GroupEpilogue epilogue) {
        WinogradImages from = new WinogradImages(x, weights.in(), height * width, blocked);
        WinogradImages to = new WinogradImages(y, weights.out(), outHeight * outWidth, blocked);
        Queue<Part> lost = new ConcurrentLinkedQueue<>();
        int panels = weights.panels();
        int blocks = weights.blocks();
        if (isCutByPanels()) {
            long all = Workspace.get().memory(Workspace.PACKED, strips * PLACES * placeIn);
            pool.parallelTasks(strips * blocks, (task, ignored) -> {
                int strip = (int) task / blocks;
                new Strip(strip, from, to).load((int) task % blocks, all + strip * PLACES * placeIn);
            });
            pool.parallelTasks(panels, (panel, ignored) -> {
                int p = (int) panel;
                long u = ready + weights.panel(p);
                if (ready == 0) {
                    u = Workspace.get().memory(Workspace.LOCAL_PANEL, PLACES * weights.place(p));
                    weights.transform(p, w, u);
                }
                for (int strip = 0; strip < strips; strip++) {
                    new Strip(strip, from, to).multiply(p, all + strip * PLACES * placeIn, u, lost, epilogue);
                }
            });
        } else {
            long u = ready;
            if (ready == 0) {
                u = Workspace.get().memory(Workspace.PACKED, weights.bytes());
                weights.transform(pool, w, u);
            }
            long every = u;
            pool.parallelTasks(strips, (task, ignored) -> {
                Strip strip = new Strip((int) task, from, to);
                long v = Workspace.get().memory(Workspace.LOCAL_ROWS, PLACES * placeIn);
                for (int b = 0; b < blocks; b++) {
                    strip.load(b, v);
                }
                for (int p = 0; p < panels; p++) {
                    strip.multiply(p, v, every + weights.panel(p), lost, epilogue);
                }
            });
        }
        if (!lost.isEmpty()) {
            redo(lost, from, w, to, epilogue);
        }
    }

    /// Many weights for few tiles: threads share all tiles, and transform weights just before they multiply with them.
    /// Otherwise they share all weights, and transform a strip of tiles.
    private boolean isCutByPanels() {
        return strips < pool.threads() || weights.out() > (long) s.n() * down * across;
    }

    /// Parts anew, each image with one of them once.
    private void redo(Queue<Part> lost, WinogradImages x, long w, WinogradImages y,
            Conv.@Nullable GroupEpilogue epilogue) {
        GemmKernel kernel = GemmKernel.f32(true);
        ConvShape one = new ConvShape(1, s.c(), s.in(), s.oc(), s.kernel(), s.out(), s.stride(), s.pad(), s.dilation(),
                s.groups());
        try (Arena arena = Arena.ofConfined()) {
            long fresh = arena.allocate(4L * y.channels() * y.points(), 64).address();
            long planes = arena.allocate(x.blocked() ? 4L * x.channels() * x.points() : 4, 64).address();
            for (int image : lost.stream().mapToInt(Part::image).sorted().distinct().toArray()) {
                if (data) {
                    Conv.backwardData(kernel, pool, one, x.planes(image, planes), w, fresh);
                } else {
                    Conv.forward(kernel, pool, one, x.planes(image, planes), w, fresh, null);
                }
                for (Part p : lost) {
                    if (p.image == image) {
                        for (int c = 0; c < p.channels; c += LANES) {
                            y.take(image, (p.channel + c) / LANES, p.point, p.points, fresh);
                        }
                        finish(p, epilogue);
                    }
                }
            }
        }
    }

    private void finish(Part p, Conv.@Nullable GroupEpilogue epilogue) {
        if (epilogue != null) {
            epilogue.apply(0, p.channel, p.channels, p.image * outHeight * outWidth + p.point, p.points);
        }
    }

    /// Some rows of tiles, counted through all images, on one thread and in its memory.
    private final class Strip {
        private final int first;
        private final int end;
        private final WinogradImages x;
        private final WinogradImages y;
        /// Products of one panel, points of a part without and with their border, a point that is not wanted.
        private final long products;
        private final long points;
        private final long bordered;
        private final long waste;

        Strip(int strip, WinogradImages x, WinogradImages y) {
            this.x = x;
            this.y = y;
            first = strip * rows;
            end = Math.min(s.n() * down, first + rows);
            int most = Math.min(rows, down);
            long pointBytes = Math.max((2L * most + 2) * width, 2L * most * outWidth) * POINT;
            long borderedBytes = (2L * most + 2) * pitch;
            products = Workspace.get().memory(Workspace.CALLER, PLACES * placeOut + pointBytes + borderedBytes + POINT);
            points = products + PLACES * placeOut;
            bordered = points + pointBytes;
            waste = bordered + borderedBytes;
        }

        /// Rows of one image among those of the strip.
        private int some(int row) {
            return Math.min(down - row % down, end - row);
        }

        /// Brings a block of channels and transforms its tiles.
        ///
        /// @param v where those of the strip go
        void load(int b, long v) {
            for (int row = first, some; row < end; row += some) {
                some = some(row);
                bring(row / down, b, 2 * (row % down) - top, 2 * some + 2);
                for (int i = 0; i < some; i++) {
                    long tile = v + b * block + (long) (row - first + i) * across * POINT;
                    WinogradTransforms.input(bordered + 2 * i * pitch, pitch, across, tile, placeIn);
                }
            }
        }

        /// Multiplies with a panel of weights, and transforms and stores the results.
        void multiply(int panel, long v, long u, Queue<Part> lost, Conv.@Nullable GroupEpilogue epilogue) {
            for (int place = 0; place < PLACES; place++) {
                BlockedTilesF32.run((end - first) * across, weights.wide(panel), weights.in(), v + place * placeIn,
                        block, u + place * weights.place(panel), products + place * placeOut, block);
            }
            for (int row = first; row < end; row += some(row)) {
                Part part = part(panel, row);
                if (store(part, row)) {
                    finish(part, epilogue);
                } else {
                    lost.add(part);
                }
            }
        }

        /// The results of a panel for some rows of one image.
        private Part part(int panel, int row) {
            int channel = panel * 2 * LANES;
            int y0 = 2 * (row % down);
            int rows = Math.min(2 * some(row), outHeight - y0);
            return new Part(row / down, channel, Math.min(2 * LANES, weights.out() - channel), y0 * outWidth,
                    rows * outWidth);
        }

        /// Brings rows of a block of channels into the border. Rows and columns outside of the image are zeros.
        private void bring(int image, int b, int y0, int rows) {
            int a = Math.clamp(y0, 0, height);
            int z = Math.clamp(y0 + (long) rows, a, height);
            long from = z > a ? x.read(image, b, a * width, (z - a) * width, points) : points;
            int before = Math.clamp(left, 0, 2 * across + 2);
            int skipped = Math.max(0, -left);
            int used = Math.clamp(2 * across + 2 - before, 0, Math.max(0, width - skipped));
            int after = 2 * across + 2 - before - used;
            long to = bordered;
            for (int i = y0; i < y0 + rows; i++, to += pitch) {
                if (i < a || i >= z) {
                    Mem.zero(to, pitch);
                    continue;
                }
                Mem.zero(to, before * POINT);
                WinogradTransforms.copy(from + ((long) (i - a) * width + skipped) * POINT, to + before * POINT, used);
                Mem.zero(to + pitch - after * POINT, after * POINT);
            }
        }

        /// Transforms and stores a part.
        ///
        /// @return whether all of it is finite
        private boolean store(Part p, int row) {
            boolean finite = true;
            for (int half = 0; half * LANES < p.channels; half++) {
                long m = products + half * block;
                int b = p.channel / LANES + half;
                long to = y.written(p.image, b, p.point, points);
                int outRows = p.points / outWidth;
                for (int i = 0; 2 * i < outRows; i++) {
                    WinogradTransforms.output(m + (long) (row - first + i) * across * POINT, placeOut, across,
                            to + 2L * i * outWidth * POINT, outWidth, 2 * i + 1 < outRows, waste);
                }
                finite &= WinogradTransforms.finite(to, p.points);
                y.store(p.image, b, p.point, p.points, to);
            }
            return finite;
        }
    }
}
