package dev.tenon.backend.cpu.onednn;

import dev.tenon.api.DType;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.backend.cpu.Use;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.conv.BlockedConvolution;
import dev.tenon.backend.cpu.conv.BlockedMaxPool;
import dev.tenon.backend.cpu.conv.BlockedPointwise;
import dev.tenon.backend.cpu.conv.ConvShape;
import dev.tenon.backend.cpu.conv.FewChannels;
import dev.tenon.backend.cpu.conv.WinogradRules;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// When oneDNN is taken instead of the kernels of this backend: a fixed table of what measurements said, so that a
/// program gives the same bits in every run. `docs/performance.md` has the measurements.
public final class Rules {
    /// Multiplications below which a call of the library costs more than it saves.
    private static final long LEAST_WORK = 1_000_000;
    /// Numbers of the images that windows of one point are multiplied with here, at most.
    private static final long IMAGES = 1 << 18;
    /// Channels of a picture, at most.
    private static final int PICTURE = 4;
    /// Channels in a block that the library knows.
    private static final Set<Integer> BLOCKS = Set.of(8, 16);

    private Rules() {}

    /// The convolution by oneDNN, or null if it is not to be.
    public static @Nullable DnnlConv convolution(ConvShape s, DnnlConv.Kind kind, DType dtype, WorkerPool pool) {
        if (dtype != DType.F32 || !OneDnn.isAvailable()) {
            return null;
        }
        boolean wanted = OneDnn.use() == Use.TRUE || wins(s, kind);
        return wanted ? DnnlConv.of(s, kind, pool) : null;
    }

    /// Copying images and weights to the library's layouts has to be paid for by multiplications: single images with
    /// many weights are faster here, without copies, and so are windows of one point that leave out none, which are
    /// products of matrices as they lie.
    private static boolean wins(ConvShape s, DnnlConv.Kind kind) {
        double work = work(s);
        double copied = (double) s.n() * (s.c() * (double) s.inVolume() + s.oc() * (double) s.outVolume())
                + (double) s.oc() * s.groupIn() * s.taps();
        if (s.groups() > 1 && s.groupIn() == 1) {
            return work >= LEAST_WORK && depthwise(s, kind);
        }
        if (kind == DnnlConv.Kind.DATA && FewChannels.fits(s)) {
            return false; // its blocks of channels would be empty but for a few
        }
        boolean product = s.taps() == 1 && s.outVolume() == s.inVolume();
        return work >= LEAST_WORK && !product && work >= (kind == DnnlConv.Kind.FORWARD ? 150 : 100) * copied;
    }

    /// Rows shorter than two vectors leave lanes idle here, and there are no blocks of channels to fill them; larger
    /// windows' weights do not stay in registers.
    private static boolean depthwise(ConvShape s, DnnlConv.Kind kind) {
        boolean narrow = s.out()[2] < 24;
        return switch (kind) {
            case FORWARD -> narrow || s.taps() > 25;
            case DATA -> narrow || s.taps() > 25 || s.stride()[2] > 1;
            case WEIGHTS -> narrow && s.taps() <= 9;
        };
    }

    /// Whether compiled programs carry images in blocks of channels from one convolution to the next.
    public static boolean carriesFormats() {
        return OneDnn.isAvailable() && OneDnn.addsAfter() && BLOCKS.contains(BlockedMaxPool.BLOCK);
    }

    /// Whether windows of one point are multiplied here: of images that the second-level cache does not hold, strips of
    /// all channels come from far apart.
    private static boolean product(ConvShape s, BlockedConvolution.Task task) {
        long image = task.data() ? s.oc() * (long) s.outVolume() : s.c() * (long) s.inVolume();
        return s.n() * image <= IMAGES;
    }

    /// The convolution of images in blocks, or null if it is not to be: by oneDNN, or here.
    ///
    /// @param given whether the images are in blocks already; otherwise they have to be brought there first
    /// @param kept whether the weights stay the same from run to run; otherwise they are brought to the library's
    ///     layout in each
    public static @Nullable BlockedConvolution blocked(ConvShape s, int block, boolean given, boolean kept,
            BlockedConvolution.Task task, WorkerPool pool) {
        // In training the gradient of the input is wanted as well, but for pictures.
        boolean first = task.plain() && (kept || s.c() <= PICTURE);
        boolean wanted = given || OneDnn.use() == Use.TRUE || (kept || first ? work(s) >= LEAST_WORK
                : wins(s, task.data() ? DnnlConv.Kind.DATA : DnnlConv.Kind.FORWARD));
        if (!wanted) {
            return null;
        }
        boolean free = OneDnn.use() != Use.TRUE;
        BlockedConvolution here = WinogradRules.blocked(s, task, kept, free, pool);
        if (here == null && free && product(s, task)) {
            here = BlockedPointwise.of(s, task, pool);
        }
        return here != null ? here : BlockedConv.of(s, block, task, pool);
    }

    /// The gradient of weights from images in blocks by oneDNN, or null if it is not to be: where there are few points
    /// for many weights it adds to all weights for each image, and images are soon brought back.
    ///
    /// @param plain whether the input is read as tensors are
    public static @Nullable BlockedWeights blockedWeights(ConvShape s, int block, boolean plain, WorkerPool pool) {
        long numbers = (long) s.n() * Math.max((long) s.c() * s.inVolume(), (long) s.oc() * s.outVolume());
        boolean few = numbers < (long) s.oc() * s.groupIn() * s.taps();
        boolean wanted = !few || OneDnn.use() == Use.TRUE || wins(s, DnnlConv.Kind.WEIGHTS);
        return wanted ? BlockedWeights.of(s, block, plain, pool) : null;
    }

    private static double work(ConvShape s) {
        return (double) s.n() * s.oc() * s.outVolume() * s.groupIn() * s.taps();
    }

    /// The matrix product by oneDNN, or empty if it is not to be.
    public static Optional<Kernel> matmul(MatMulOp op, List<TensorType> in, List<TensorType> out, WorkerPool pool) {
        if (!OneDnn.isAvailable()) {
            return Optional.empty();
        }
        TensorType a = in.getFirst();
        double work = (double) out.getFirst().elements() * a.shape().dim(-1);
        // Instructions for bf16 multiply twice as many numbers as those for f32, and Java has none of them.
        boolean wanted = OneDnn.use() == Use.TRUE || a.dtype() == DType.BF16 && work >= LEAST_WORK;
        return wanted ? DnnlMatMul.prepare(pool, op, in, out) : Optional.empty();
    }
}
