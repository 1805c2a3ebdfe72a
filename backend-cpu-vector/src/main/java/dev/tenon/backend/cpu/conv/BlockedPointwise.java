package dev.tenon.backend.cpu.conv;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Format;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.BlockedTilesF32;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Convolutions with windows of one point, and their gradients of the input, of images in blocks of channels: products
/// of the images as they lie with weights in panels.
///
/// Work is cut into strips of points of an image or, where images are small, of several images, each for some of the
/// panels. A panel goes over a whole strip, and what it gave is added to and rectified while the first-level cache
/// holds it.
public final class BlockedPointwise implements BlockedConvolution {
    private static final int LANES = BlockedMaxPool.BLOCK;
    private static final long POINT = 4L * LANES;
    /// Points of a strip of an image, about: results of a panel are a good half of the first-level cache then, and
    /// weights are read once for so many.
    private static final int STRIP = 224;
    /// What a strip of several images should read, at most, in bytes.
    private static final long READ = 256 << 10;

    private final WorkerPool pool;
    private final boolean rectified;
    /// Blocks of channels that are read, and of results.
    private final int in;
    private final int out;
    private final int points;
    /// Images of a part.
    private final int images;
    private final int parts;
    private final int strips;
    private final int cuts;
    private final Weights weights;

    private BlockedPointwise(ConvShape s, Task t, WorkerPool pool) {
        this.pool = pool;
        this.rectified = t.rectified();
        this.weights = new Weights(s.oc(), s.c(), t.data(), pool);
        this.in = (t.data() ? s.oc() : s.c()) / LANES;
        this.out = (t.data() ? s.c() : s.oc()) / LANES;
        this.points = s.outVolume();
        int some = Math.clamp(READ / (in * POINT * points), 1, Math.max(1, s.n() / pool.threads()));
        while (s.n() % some != 0) {
            some--;
        }
        this.images = some;
        this.parts = s.n() / images;
        this.strips = (points + STRIP - 1) / STRIP;
        int tasks = parts * strips;
        // A thread that is held up leaves some of its own to the others.
        this.cuts = Math.clamp((4L * pool.threads() + tasks - 1) / tasks, 1, out / 2);
    }

    /// Whether this is such a convolution, with results in whole panels.
    static boolean fits(ConvShape s, Task t) {
        return !t.plain() && s.groups() == 1 && s.taps() == 1 && (t.data() ? s.oc() : s.c()) % LANES == 0
                && (t.data() ? s.c() : s.oc()) % (2 * LANES) == 0 && s.inVolume() == s.outVolume()
                && s.stride()[0] * s.stride()[1] * s.stride()[2] == 1;
    }

    /// The convolution, or null where it is none of this kind.
    public static @Nullable BlockedPointwise of(ConvShape s, Task t, WorkerPool pool) {
        return fits(s, t) ? new BlockedPointwise(s, t, pool) : null;
    }

    /// Panels of two vectors of channels of the results, one after the other.
    private record Weights(int oc, int c, boolean data, WorkerPool pool) implements Format {
        private static final GemmKernel KERNEL = GemmKernel.f32(true);

        private int inner() {
            return data ? oc : c;
        }

        private int channels() {
            return data ? c : oc;
        }

        private int panels() {
            return channels() / LANES / 2;
        }

        private long panel() {
            return inner() * 2 * POINT;
        }

        @Override
        public long bytes() {
            return panels() * panel();
        }

        @Override
        public Kernel pack() {
            return new Kernel() {
                @Override
                public void run(Stream stream, List<? extends Operand> operands, List<? extends Operand> results,
                        @Nullable Operand workspace, Scalars scalars) {
                    long from = CpuMemory.address(operands.getFirst());
                    long to = CpuMemory.address(results.getFirst());
                    long row = data ? 4L * c : 4;
                    long column = data ? 4 : 4L * c;
                    pool.parallelTasks(panels(), (p, ignored) -> KERNEL.packB(from + p * 2 * LANES * column, row,
                            column, inner(), 2 * LANES, to + p * panel()));
                }
            };
        }

        @Override
        public Kernel unpack() {
            throw new UnsupportedOperationException("the weights of a convolution are packed for it alone");
        }
    }

    @Override
    public Optional<Format> weights() {
        return Optional.of(weights);
    }

    @Override
    public void run(long x, long w, long bias, long sum, long y, @Nullable After after) {
        BlockedEpilogue epilogue = new BlockedEpilogue(bias, sum, y, rectified, after);
        int panels = weights.panels();
        pool.parallelTasks(parts * strips * cuts, (task, ignored) -> {
            int cut = (int) task % cuts;
            int strip = (int) task / cuts % strips;
            int part = (int) task / cuts / strips;
            int from = (int) ((long) points * strip / strips);
            int rows = (int) ((long) points * (strip + 1) / strips) - from;
            for (int p = panels * cut / cuts; p < panels * (cut + 1) / cuts; p++) {
                for (int i = part * images; i < (part + 1) * images; i++) {
                    long to = ((long) i * out + 2 * p) * points + from;
                    BlockedTilesF32.run(rows, true, in * LANES, x + ((long) i * in * points + from) * POINT,
                            points * POINT, w + p * weights.panel(), y + to * POINT, points * POINT);
                    epilogue.apply(2 * p, to, to + rows);
                    epilogue.apply(2 * p + 1, to + points, to + points + rows);
                }
            }
        });
    }
}
