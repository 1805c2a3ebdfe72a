package dev.tenon.backend.cpu.onednn;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Format;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.conv.BlockedConvolution;
import dev.tenon.backend.cpu.conv.BlockedEpilogue;
import dev.tenon.backend.cpu.conv.ConvShape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A convolution forward, or the gradient of its input, of images in blocks of channels ([Images]) with weights that
/// were brought to the primitive's layout before: no images are copied. Forward, a bias and a sum with other images are
/// added before results are stored.
///
/// Work is cut by images, or by channels of the results, so that results of a part fit the second-level cache together:
/// what is still to be done with them finds them there.
public final class BlockedConv implements BlockedConvolution {
    private static final int BYTES = 4;
    /// The results of one part, at most.
    private static final long PART = 1 << 20;
    /// Parts for each thread, at least: a thread that is held up leaves some of its own to the others.
    private static final int TASKS = 4;

    private final WorkerPool pool;
    private final int parts;
    private final int cuts;
    /// Elements that a part reads and writes.
    private final long read;
    private final long written;
    private final long biases;
    private final boolean cutsRead;
    private final boolean rectified;
    private final Primitive primitive;
    private final Weights weights;

    private BlockedConv(ConvShape s, Task t, WorkerPool pool, int images, int cuts, Primitive primitive,
            Primitive copy) {
        this.pool = pool;
        this.parts = s.n() / images;
        this.cuts = cuts;
        this.primitive = primitive;
        this.cutsRead = s.groups() > 1;
        this.rectified = t.rectified();
        long in = (long) images * s.c() * s.inVolume();
        long out = (long) images * s.oc() * s.outVolume();
        this.written = (t.data() ? in : out) / cuts;
        this.read = (t.data() ? out : in) / (cutsRead ? cuts : 1);
        this.biases = (long) s.oc() / cuts * BYTES;
        long each = Dnnl.bytes(primitive.layout(1)) + 63 & -64;
        boolean rows = !t.data() || cutsRead;
        this.weights = new Weights(copy, pool, cuts, each,
                (rows ? (long) s.oc() / cuts * s.groupIn() : s.c() / cuts) * s.taps() * BYTES);
    }

    /// Whether there may be primitives for images in blocks: two axes, channels in whole blocks, and either one group
    /// or as many as there are channels.
    static boolean suits(ConvShape s, int block, boolean plain) {
        boolean depthwise = s.groups() > 1 && s.groupIn() == 1 && s.groupOut() == 1;
        return s.in()[0] == 1 && s.out()[0] == 1 && s.kernel()[0] == 1 && (s.groups() == 1 || depthwise)
                && s.oc() % block == 0 && (plain ? !depthwise : s.c() % block == 0);
    }

    /// A convolution, or null where the library has no fast one.
    public static @Nullable BlockedConv of(ConvShape s, int block, Task t, WorkerPool pool) {
        if (!suits(s, block, t.plain())) {
            return null;
        }
        int channels = t.data() ? s.c() : s.oc();
        long each = (long) channels * (t.data() ? s.inVolume() : s.outVolume()) * BYTES;
        int images = Math.clamp(PART / each, 1, Math.max(1, s.n() / (TASKS * pool.threads())));
        while (s.n() % images != 0) {
            images--;
        }
        int blocks = channels / block;
        int cuts = 1;
        if (images == 1) {
            while (blocks % cuts != 0 || cuts < blocks
                    && (each / cuts > PART || (long) s.n() * cuts < TASKS * pool.threads())) {
                cuts++;
            }
        }
        int before = Dnnl.alone();
        try {
            return create(s, block, t, pool, images, cuts);
        } finally {
            Dnnl.back(before);
        }
    }

    private static @Nullable BlockedConv create(ConvShape s, int block, Task t, WorkerPool pool, int images,
            int cuts) {
        boolean depthwise = s.groups() > 1;
        long oc = t.data() && !depthwise ? s.oc() : s.oc() / cuts;
        long c = t.data() || depthwise ? s.c() / cuts : s.c();
        long[] x = {images, c, s.in()[1], s.in()[2]};
        long[] y = {images, oc, s.out()[1], s.out()[2]};
        long[] w = depthwise ? new long[] {oc, 1, 1, s.kernel()[1], s.kernel()[2]}
                : new long[] {oc, c, s.kernel()[1], s.kernel()[2]};
        long[] ws = DnnlConv.strides(w);
        // A part of all weights.
        ws[0] = (long) s.groupIn() * s.taps();
        Geometry g = Geometry.of(s, 1);
        long[] own = {t.plain() ? Dnnl.layout(Dnnl.F32, x, DnnlConv.strides(x)) : Dnnl.blocked(x, block),
            Dnnl.layout(Dnnl.F32, w), Dnnl.blocked(y, block), Dnnl.layout(Dnnl.F32, w, ws),
            Dnnl.layout(Dnnl.F32, new long[] {oc}, 1)};
        try {
            Primitive p;
            if (t.data()) {
                long forward = Dnnl.convolution(Dnnl.Direction.FORWARD, own[0], own[1], own[2], g, 0);
                if (forward == 0) {
                    return null;
                }
                p = Primitive.of(Dnnl.convolution(Dnnl.Direction.DATA, own[0], own[1], own[2], g, forward),
                        Dnnl.ARG_DIFF_DST, Dnnl.ARG_WEIGHTS, Dnnl.ARG_DIFF_SRC);
                Dnnl.freeDescription(forward);
            } else {
                int[] arguments = {Dnnl.ARG_SRC, Dnnl.ARG_WEIGHTS, Dnnl.ARG_DST, Dnnl.ARG_BIAS,
                    Dnnl.ARG_OPERAND_AFTER};
                int count = t.bias() ? 4 : 3;
                if (t.sum()) {
                    arguments[count++] = Dnnl.ARG_OPERAND_AFTER;
                }
                p = Primitive.of(Dnnl.convolution(own[0], own[1], t.bias() ? own[4] : 0, own[2], g,
                        t.sum() ? own[2] : 0), Arrays.copyOf(arguments, count));
            }
            return p == null ? null
                    : new BlockedConv(s, t, pool, images, cuts, p, Primitive.copy(own[3], p.layout(1)));
        } finally {
            Arrays.stream(own).forEach(Dnnl::freeLayout);
        }
    }

    @Override
    public Optional<Format> weights() {
        return Optional.of(weights);
    }

    /// Weights as the primitive reads them, for one part of the channels after the other.
    private record Weights(Primitive copy, WorkerPool pool, int cuts, long each, long plain) implements Format {
        @Override
        public long bytes() {
            return cuts * each;
        }

        @Override
        public Kernel pack() {
            return new Kernel() {
                @Override
                public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
                        @Nullable Operand workspace, Scalars scalars) {
                    long from = CpuMemory.address(in.getFirst());
                    long to = CpuMemory.address(out.getFirst());
                    pool.parallelTasks(cuts, (i, ignored) -> copy.run(from + i * plain, to + i * each));
                }
            };
        }

        @Override
        public Kernel unpack() {
            throw new UnsupportedOperationException("the weights of a convolution are packed for it alone");
        }
    }

    @Override
    public void run(long x, long w, long bias, long sum, long y, @Nullable After after) {
        pool.parallelTasks(parts * cuts, (task, ignored) -> {
            long cut = task % cuts;
            long at = task * written;
            long[] all = new long[primitive.arguments()];
            all[0] = x + (cutsRead ? task : task / cuts) * read * BYTES;
            all[1] = w + cut * weights.each;
            all[2] = y + at * BYTES;
            int i = 3;
            if (bias != 0) {
                all[i++] = bias + cut * biases;
            }
            if (sum != 0) {
                all[i] = sum + at * BYTES;
            }
            primitive.run(all);
            if (rectified) {
                BlockedEpilogue.rectify(y + at * BYTES, y + (at + written) * BYTES);
            }
            if (after != null) {
                after.apply(at, at + written);
            }
        });
    }
}
