package dev.tenon.backend.cpu.onednn;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Format;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.conv.ConvShape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A convolution forward of images in blocks of channels ([Images]) with weights that were brought to the primitive's
/// layout before: nothing is copied. A bias and a sum with other images are added before results are stored.
///
/// Work is cut by images, or by channels out, so that results of a part fit the second-level cache together: what is
/// still to be done with them finds them there.
public final class BlockedConv {
    private static final int BYTES = 4;
    /// The results of one part, at most.
    private static final long PART = 1 << 20;

    private final ConvShape s;
    private final WorkerPool pool;
    private final int images;
    private final int cuts;
    private final boolean depthwise;
    private final Primitive primitive;
    private final Weights weights;

    private BlockedConv(ConvShape s, WorkerPool pool, int images, int cuts, Primitive primitive, Primitive copy) {
        this.s = s;
        this.pool = pool;
        this.images = images;
        this.cuts = cuts;
        this.primitive = primitive;
        this.depthwise = s.groups() > 1;
        long each = Dnnl.bytes(primitive.layout(1)) + 63 & -64;
        this.weights = new Weights(copy, pool, cuts, each, (long) s.oc() / cuts * s.groupIn() * s.taps() * BYTES);
    }

    /// What is done with finished elements, by their place in memory.
    @FunctionalInterface
    public interface After {
        /// Elements `from` to `to` of the results, counted as they lie, are finished.
        void apply(long from, long to);
    }

    /// A convolution, or null where the library has no fast one.
    ///
    /// @param plain whether the input is `[n, c, h, w]` as tensors are
    /// @param bias whether a bias is added
    /// @param sum whether images like the results are added
    public static @Nullable BlockedConv of(ConvShape s, int block, boolean plain, boolean bias, boolean sum,
            WorkerPool pool) {
        boolean depthwise = s.groups() > 1 && s.groupIn() == 1 && s.groupOut() == 1;
        if (s.in()[0] != 1 || s.out()[0] != 1 || s.kernel()[0] != 1 || s.groups() > 1 && !depthwise
                || s.oc() % block != 0 || !plain && s.c() % block != 0 || plain && depthwise) {
            return null;
        }
        long each = (long) s.oc() * s.outVolume() * BYTES;
        int images = Math.clamp(PART / each, 1, Math.max(1, s.n() / pool.threads()));
        while (s.n() % images != 0) {
            images--;
        }
        int blocks = s.oc() / block;
        int cuts = 1;
        if (images == 1) {
            while (blocks % cuts != 0 || cuts < blocks
                    && (each / cuts > PART || (long) s.n() * cuts < pool.threads())) {
                cuts++;
            }
        }
        int before = Dnnl.alone();
        try {
            return create(s, block, plain, bias, sum, pool, images, cuts);
        } finally {
            Dnnl.back(before);
        }
    }

    private static @Nullable BlockedConv create(ConvShape s, int block, boolean plain, boolean bias, boolean sum,
            WorkerPool pool, int images, int cuts) {
        boolean depthwise = s.groups() > 1;
        long oc = s.oc() / cuts;
        long[] x = {images, depthwise ? oc : s.c(), s.in()[1], s.in()[2]};
        long[] y = {images, oc, s.out()[1], s.out()[2]};
        long[] w = depthwise ? new long[] {oc, 1, 1, s.kernel()[1], s.kernel()[2]}
                : new long[] {oc, s.c(), s.kernel()[1], s.kernel()[2]};
        long[] stride = {s.stride()[1], s.stride()[2]};
        long[] dilation = {s.dilation()[1] - 1, s.dilation()[2] - 1};
        long[] low = {s.pad()[1], s.pad()[2]};
        long[] high = new long[2];
        for (int i = 0; i < 2; i++) {
            high[i] = (s.out()[i + 1] - 1) * stride[i] + (s.kernel()[i + 1] - 1) * (dilation[i] + 1) + 1
                    - s.in()[i + 1] - low[i];
        }
        long[] own = {plain ? Dnnl.layout(Dnnl.F32, x, DnnlConv.strides(x)) : Dnnl.blocked(x, block),
            Dnnl.layout(Dnnl.F32, w), Dnnl.blocked(y, block), Dnnl.layout(Dnnl.F32, w, DnnlConv.strides(w)),
            Dnnl.layout(Dnnl.F32, new long[] {oc}, 1)};
        try {
            int[] arguments = {Dnnl.ARG_SRC, Dnnl.ARG_WEIGHTS, Dnnl.ARG_DST, Dnnl.ARG_BIAS, Dnnl.ARG_OPERAND_AFTER};
            int count = 3;
            if (bias) {
                count++;
            }
            if (sum) {
                arguments[count++] = Dnnl.ARG_OPERAND_AFTER;
            }
            Primitive p = Primitive.of(Dnnl.convolution(own[0], own[1], bias ? own[4] : 0, own[2], stride, dilation,
                    low, high, sum ? own[2] : 0), Arrays.copyOf(arguments, count));
            return p == null ? null : new BlockedConv(s, pool, images, cuts, p, Primitive.copy(own[3], p.layout(1)));
        } finally {
            Arrays.stream(own).forEach(Dnnl::freeLayout);
        }
    }

    /// The format that the weights must have.
    public Format weights() {
        return weights;
    }

    /// Weights as the primitive reads them, for one part of the channels out after the other.
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

    /// Computes it.
    ///
    /// @param x the address of the input
    /// @param w of the weights, in the format [#weights()]
    /// @param bias of the bias, if there is one
    /// @param sum of what is added, if anything
    /// @param y of the output
    /// @param after what is done with finished parts, or null
    public void run(long x, long w, long bias, long sum, long y, @Nullable After after) {
        long part = (long) images * (s.oc() / cuts) * s.outVolume();
        long input = (depthwise ? (long) s.c() / cuts : s.c()) * images * s.inVolume() * BYTES;
        pool.parallelTasks(s.n() / images * cuts, (task, ignored) -> {
            long cut = task % cuts;
            long at = task * part;
            long[] all = new long[primitive.arguments()];
            all[0] = x + (depthwise ? task : task / cuts) * input;
            all[1] = w + cut * weights.each;
            all[2] = y + at * BYTES;
            int i = 3;
            if (bias != 0) {
                all[i++] = bias + cut * (s.oc() / cuts) * BYTES;
            }
            if (sum != 0) {
                all[i] = sum + at * BYTES;
            }
            primitive.run(all);
            if (after != null) {
                after.apply(at, at + part);
            }
        });
    }
}
