package dev.tenon.backend.cpu.onednn;

import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.conv.Conv;
import dev.tenon.backend.cpu.conv.ConvShape;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A convolution of floats, or one of its gradients, by oneDNN's one-thread primitives on the threads of this backend.
///
/// Work is cut by images, or by channels out (of the input's gradient: in) where there are more weights than numbers in
/// the images. The primitives choose their layouts; what they read and write is copied a slice at a time, by the thread
/// that works on the slice and while it is in that thread's cache.
public final class DnnlConv {
    /// What the operands of one slice may take together.
    private static final long SLICE = 1 << 20;
    private static final int BYTES = 4;

    /// What is computed.
    public enum Kind { FORWARD, DATA, WEIGHTS }

    private final ConvShape s;
    private final Kind kind;
    private final WorkerPool pool;
    private final int images;
    private final int cuts;
    private final Primitive primitive;
    /// For each operand, the copy to the primitive's layout, or for the result from it; null where they are the same.
    private final @Nullable Primitive[] copies = new Primitive[3];
    private final long[] bytes = new long[3];

    private DnnlConv(ConvShape s, Kind kind, WorkerPool pool, int images, int cuts, Primitive primitive) {
        this.s = s;
        this.kind = kind;
        this.pool = pool;
        this.images = images;
        this.cuts = cuts;
        this.primitive = primitive;
    }

    /// A convolution, or null where oneDNN has no fast one.
    public static @Nullable DnnlConv of(ConvShape s, Kind kind, WorkerPool pool) {
        int threads = pool.threads();
        long numbers = (long) s.n() * Math.max((long) s.c() * s.inVolume(), (long) s.oc() * s.outVolume());
        long weights = (long) s.oc() * s.groupIn() * s.taps();
        int cut = kind == Kind.DATA ? s.c() : s.oc();
        boolean divides = s.groups() == 1 && cut % (16 * threads) == 0;
        boolean byImages = weights <= numbers / threads && s.n() >= threads && s.n() % threads == 0;
        int cuts = byImages || !divides ? 1 : threads;
        int images = s.n();
        if (cuts == 1 && threads > 1) {
            if (s.n() < threads || kind == Kind.WEIGHTS && s.n() % threads != 0) {
                return null;
            }
            images = kind == Kind.WEIGHTS ? s.n() / threads : slice(s, threads);
        }
        int before = Dnnl.alone();
        try {
            return create(s, kind, pool, images, cuts);
        } finally {
            Dnnl.back(before);
        }
    }

    /// How many images make a slice: what fits the cache, and leaves each thread as much as the others.
    private static int slice(ConvShape s, int threads) {
        long each = ((long) s.c() * s.inVolume() + (long) s.oc() * s.outVolume()) * BYTES;
        int most = Math.clamp(SLICE / each, 1, Math.max(1, s.n() / threads));
        while (s.n() % most != 0) {
            most--;
        }
        return most;
    }

    private static @Nullable DnnlConv create(ConvShape s, Kind kind, WorkerPool pool, int images, int cuts) {
        // Two axes or three: one is two with a first of 1.
        int first = s.in()[0] == 1 && s.kernel()[0] == 1 && s.out()[0] == 1 ? 1 : 0;
        int oc = kind == Kind.DATA ? s.oc() : s.oc() / cuts;
        int c = kind == Kind.DATA ? s.c() / cuts : s.c();
        long[] x = dims(first, s.in(), images, c);
        long[] y = dims(first, s.out(), images, oc);
        long[] w = s.groups() == 1 ? dims(first, s.kernel(), oc, c)
                : dims(first, s.kernel(), s.groups(), s.groupOut(), s.groupIn());
        long[] xs = strides(x);
        long[] ys = strides(y);
        long[] ws = strides(w);
        // Slices of the whole.
        xs[0] = (long) s.c() * s.inVolume();
        ys[0] = (long) s.oc() * s.outVolume();
        if (s.groups() == 1) {
            ws[0] = (long) s.c() * s.taps();
        }
        Geometry g = Geometry.of(s, first);
        long[] any = {Dnnl.layout(Dnnl.F32, x), Dnnl.layout(Dnnl.F32, w), Dnnl.layout(Dnnl.F32, y)};
        long[] own = {Dnnl.layout(Dnnl.F32, x, xs), Dnnl.layout(Dnnl.F32, w, ws), Dnnl.layout(Dnnl.F32, y, ys)};
        try {
            long forward = Dnnl.convolution(Dnnl.Direction.FORWARD, any[0], any[1], any[2], g, 0);
            Primitive p;
            if (kind == Kind.FORWARD) {
                p = Primitive.of(forward, new int[] {Dnnl.ARG_SRC, Dnnl.ARG_WEIGHTS, Dnnl.ARG_DST},
                        new int[] {Dnnl.QUERY_SRC, Dnnl.QUERY_WEIGHTS, Dnnl.QUERY_DST});
            } else if (forward == 0) {
                return null;
            } else {
                boolean data = kind == Kind.DATA;
                p = Primitive.of(Dnnl.convolution(data ? Dnnl.Direction.DATA : Dnnl.Direction.WEIGHTS, any[0], any[1],
                        any[2], g, forward),
                        data ? new int[] {Dnnl.ARG_DIFF_SRC, Dnnl.ARG_WEIGHTS, Dnnl.ARG_DIFF_DST}
                                : new int[] {Dnnl.ARG_SRC, Dnnl.ARG_DIFF_WEIGHTS, Dnnl.ARG_DIFF_DST},
                        data ? new int[] {Dnnl.QUERY_DIFF_SRC, Dnnl.QUERY_WEIGHTS, Dnnl.QUERY_DIFF_DST}
                                : new int[] {Dnnl.QUERY_SRC, Dnnl.QUERY_DIFF_WEIGHTS, Dnnl.QUERY_DIFF_DST});
                Dnnl.freeDescription(forward);
            }
            if (p == null) {
                return null;
            }
            DnnlConv conv = new DnnlConv(s, kind, pool, images, cuts, p);
            for (int i = 0; i < 3; i++) {
                long chosen = p.layout(i);
                conv.bytes[i] = Dnnl.bytes(chosen);
                if (!Dnnl.same(chosen, own[i])) {
                    conv.copies[i] = i == conv.result() ? Primitive.copy(chosen, own[i])
                            : Primitive.copy(own[i], chosen);
                }
            }
            return conv;
        } finally {
            Arrays.stream(any).forEach(Dnnl::freeLayout);
            Arrays.stream(own).forEach(Dnnl::freeLayout);
        }
    }

    private static long[] dims(int first, int[] spatial, long... outer) {
        long[] d = Arrays.copyOf(outer, outer.length + 3 - first);
        for (int i = first; i < 3; i++) {
            d[outer.length + i - first] = spatial[i];
        }
        return d;
    }

    /// Of a tensor without gaps.
    static long[] strides(long[] dims) {
        long[] s = new long[dims.length];
        long n = 1;
        for (int i = s.length - 1; i >= 0; i--) {
            s[i] = n;
            n *= dims[i];
        }
        return s;
    }

    /// Which operand is the result: 0 the input's, 1 the weights', 2 the output's.
    private int result() {
        return switch (kind) {
            case FORWARD -> 2;
            case DATA -> 0;
            case WEIGHTS -> 1;
        };
    }

    /// Computes it.
    ///
    /// @param x the address of the input, or of its gradient
    /// @param w of the weights, or of their gradient
    /// @param y of the output's gradient, or of the output
    /// @param epilogue called for finished parts of the output, or null
    public void run(long x, long w, long y, Conv.@Nullable GroupEpilogue epilogue) {
        if (kind == Kind.WEIGHTS) {
            weights(x, w, y);
            return;
        }
        int slices = s.n() / images;
        Primitive copyWeights = copies[1];
        long each = bytes[1] + 4095 & -4096;
        long turned = copyWeights == null ? 0 : Buffers.get().memory(Buffers.SHARED, cuts * each);
        if (copyWeights != null) {
            pool.parallelTasks(cuts, (cut, ignored) ->
                    copyWeights.run(w + weightOffset((int) cut), turned + cut * each));
        }
        pool.parallelTasks(slices * cuts, (task, ignored) -> {
            int cut = (int) task % cuts;
            int image = (int) task / cuts * images;
            int c = kind == Kind.DATA ? s.c() / cuts * cut : 0;
            int oc = kind == Kind.DATA ? 0 : s.oc() / cuts * cut;
            long[] at = {x + ((long) image * s.c() + c) * s.inVolume() * BYTES,
                copyWeights == null ? w + weightOffset(cut) : turned + cut * each,
                y + ((long) image * s.oc() + oc) * s.outVolume() * BYTES};
            slice(at);
            if (epilogue != null) {
                int channels = s.oc() / cuts / s.groups();
                for (int g = 0; g < s.groups(); g++) {
                    epilogue.apply(g, oc, channels, image * s.outVolume(), images * s.outVolume());
                }
            }
        });
    }

    private long weightOffset(int cut) {
        return (kind == Kind.DATA ? (long) s.c() / cuts * cut * s.taps()
                : (long) s.oc() / cuts * cut * s.groupIn() * s.taps()) * BYTES;
    }

    /// One primitive with what has to be copied before and after; weights are where they should be but for their own
    /// gradient.
    private void slice(long[] at) {
        Buffers b = Buffers.get();
        int result = result();
        long[] of = at.clone();
        for (int i = 0; i < 3; i++) {
            Primitive copy = copies[i];
            if (copy != null && (i != 1 || result == 1)) {
                of[i] = b.memory(Buffers.FIRST + i, bytes[i]);
                if (i != result) {
                    copy.run(at[i], of[i]);
                }
            }
        }
        primitive.run(of);
        Primitive back = copies[result];
        if (back != null) {
            back.run(of[result], at[result]);
        }
    }

    /// Cut by channels out, or each thread sums its share of the images and the shares are added in order.
    private void weights(long x, long dw, long dy) {
        int slices = s.n() / images;
        long size = (long) s.oc() * s.groupIn() * s.taps();
        long partial = slices == 1 ? 0 : Buffers.get().memory(Buffers.SHARED, (slices - 1) * size * BYTES);
        pool.parallelTasks(slices * cuts, (task, ignored) -> {
            int cut = (int) task % cuts;
            int part = (int) task / cuts;
            long to = (part == 0 ? dw : partial + (part - 1) * size * BYTES) + weightOffset(cut);
            slice(new long[] {x + (long) part * images * s.c() * s.inVolume() * BYTES, to,
                dy + ((long) part * images * s.oc() + (long) s.oc() / cuts * cut) * s.outVolume() * BYTES});
        });
        if (slices > 1) {
            GemmKernel kernel = GemmKernel.f32(true);
            pool.parallelFor(size, 8192, (from, to) -> {
                for (int p = 1; p < slices; p++) {
                    kernel.add(partial + ((p - 1) * size + from) * BYTES, dw + from * BYTES, to - from);
                }
            });
        }
    }
}
