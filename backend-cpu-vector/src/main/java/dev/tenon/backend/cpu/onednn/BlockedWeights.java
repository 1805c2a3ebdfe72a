package dev.tenon.backend.cpu.onednn;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.conv.ConvShape;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The gradient of a convolution's weights from images in blocks of channels ([Images]), as a tensor.
///
/// Where there are few weights, each thread sums over its share of the images, and the shares are added in order.
/// Otherwise work is cut by channels out: the primitive adds the gradients of image after image, and those of a part
/// stay in the second-level cache meanwhile.
public final class BlockedWeights {
    private static final int BYTES = 4;
    /// The weights of a part, at most.
    private static final long PART = 1 << 18;

    private final ConvShape s;
    private final WorkerPool pool;
    private final int slices;
    private final int cuts;
    private final Primitive primitive;
    /// From the primitive's layout.
    private final Primitive copy;
    private final long bytes;

    private BlockedWeights(ConvShape s, WorkerPool pool, int slices, int cuts, Primitive primitive, Primitive copy) {
        this.s = s;
        this.pool = pool;
        this.slices = slices;
        this.cuts = cuts;
        this.primitive = primitive;
        this.copy = copy;
        this.bytes = Dnnl.bytes(primitive.layout(1)) + 63 & -64;
    }

    /// A gradient, or null where the library has no fast one.
    ///
    /// @param plain whether the input is `[n, c, h, w]` as tensors are
    public static @Nullable BlockedWeights of(ConvShape s, int block, boolean plain, WorkerPool pool) {
        if (!BlockedConv.suits(s, block, plain)) {
            return null;
        }
        int threads = pool.threads();
        long weights = (long) s.oc() * s.groupIn() * s.taps() * BYTES;
        int blocks = s.groups() == 1 ? s.oc() / block : 1;
        int cuts = 1;
        while (cuts < blocks && (blocks % cuts != 0 || weights / cuts > PART)) {
            cuts++;
        }
        int slices = cuts == 1 && s.n() % threads == 0 ? threads : 1;
        while (slices == 1 && cuts < blocks && (blocks % cuts != 0 || cuts < threads)) {
            cuts++;
        }
        int before = Dnnl.alone();
        try {
            return create(s, block, plain, pool, slices, cuts);
        } finally {
            Dnnl.back(before);
        }
    }

    private static @Nullable BlockedWeights create(ConvShape s, int block, boolean plain, WorkerPool pool, int slices,
            int cuts) {
        long images = s.n() / slices;
        long oc = s.oc() / cuts;
        long[] x = {images, s.c(), s.in()[1], s.in()[2]};
        long[] y = {images, oc, s.out()[1], s.out()[2]};
        long[] w = s.groups() > 1 ? new long[] {oc, 1, 1, s.kernel()[1], s.kernel()[2]}
                : new long[] {oc, s.c(), s.kernel()[1], s.kernel()[2]};
        Geometry g = Geometry.of(s, 1);
        long[] own = {plain ? Dnnl.layout(Dnnl.F32, x, DnnlConv.strides(x)) : Dnnl.blocked(x, block),
            Dnnl.layout(Dnnl.F32, w), Dnnl.blocked(y, block), Dnnl.layout(Dnnl.F32, w, DnnlConv.strides(w))};
        try {
            long forward = Dnnl.convolution(Dnnl.Direction.FORWARD, own[0], own[1], own[2], g, 0);
            if (forward == 0) {
                return null;
            }
            Primitive p = Primitive.of(Dnnl.convolution(Dnnl.Direction.WEIGHTS, own[0], own[1], own[2], g, forward),
                    Dnnl.ARG_SRC, Dnnl.ARG_DIFF_WEIGHTS, Dnnl.ARG_DIFF_DST);
            Dnnl.freeDescription(forward);
            return p == null ? null
                    : new BlockedWeights(s, pool, slices, cuts, p, Primitive.copy(p.layout(1), own[3]));
        } finally {
            Arrays.stream(own).forEach(Dnnl::freeLayout);
        }
    }

    /// Computes it.
    ///
    /// @param x the address of the input
    /// @param dy of the gradient of the output
    /// @param dw of the gradient of the weights, `[oc, c / groups, h, w]`
    public void run(long x, long dy, long dw) {
        long sums = Buffers.get().memory(Buffers.SHARED, slices * cuts * bytes);
        long images = s.n() / slices;
        long in = images * s.c() * s.inVolume() * BYTES;
        long out = images * s.oc() * s.outVolume() * BYTES;
        pool.parallelTasks(slices * cuts, (task, ignored) -> {
            long to = sums + task * bytes;
            if (cuts == 1) {
                primitive.run(x + task * in, to, dy + task * out);
                return;
            }
            primitive.run(x, to, channels(dy, (int) task));
            copy.run(to, dw + task * (s.oc() / cuts) * s.c() * s.taps() * BYTES);
        });
        if (cuts > 1) {
            return;
        }
        if (slices > 1) {
            GemmKernel kernel = GemmKernel.f32(true);
            pool.parallelFor(bytes / BYTES, 8192, (from, to) -> {
                for (int p = 1; p < slices; p++) {
                    kernel.add(sums + p * bytes + from * BYTES, sums + from * BYTES, to - from);
                }
            });
        }
        copy.run(sums, dw);
    }

    /// The part of the channels out of all images that a cut is about, one image after the other.
    private long channels(long dy, int cut) {
        long part = (long) s.oc() / cuts * s.outVolume() * BYTES;
        long to = Buffers.get().memory(Buffers.FIRST, s.n() * part);
        for (int i = 0; i < s.n(); i++) {
            Mem.copy(dy + (i * cuts + cut) * part, to + i * part, part);
        }
        return to;
    }
}
