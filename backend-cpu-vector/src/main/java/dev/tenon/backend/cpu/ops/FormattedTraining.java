package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Format;
import dev.tenon.api.spi.FormatRequest;
import dev.tenon.api.spi.FormatRequest.Readers;
import dev.tenon.api.spi.FormattedKernel;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.conv.BlockedConvolution;
import dev.tenon.backend.cpu.conv.BlockedMaxPool;
import dev.tenon.backend.cpu.conv.BlockedNorm;
import dev.tenon.backend.cpu.conv.ConvShape;
import dev.tenon.backend.cpu.conv.Places;
import dev.tenon.backend.cpu.onednn.BlockedWeights;
import dev.tenon.backend.cpu.onednn.Rules;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What training does with images in blocks of channels: the gradients of convolutions, batch normalisation with the
/// statistics of the batch, and the gradients of it and of max pooling.
final class FormattedTraining {
    private static final int BLOCK = BlockedMaxPool.BLOCK;

    private final WorkerPool pool;

    FormattedTraining(WorkerPool pool) {
        this.pool = pool;
    }

    /// Whether there could be a kernel here for an op on such images.
    static boolean takes(Op op, List<TensorType> in) {
        return switch (op) {
            case ConvolutionBackwardData b -> Formatted.isImages(in.getFirst()) && b.input().dim(1) % BLOCK == 0
                    && isPlainOrDepthwise(b.convolution(), b.input().dim(1));
            case ConvolutionBackwardWeight b -> Formatted.isImages(in.get(1))
                    && (Formatted.isImages(in.getFirst()) || Formatted.isPicture(in.getFirst()))
                    && isPlainOrDepthwise(b.convolution(), in.getFirst().shape().dim(1));
            case BatchNorm _, MaxPoolBackward _ -> Formatted.isImages(in.getFirst());
            case BatchNormBackward _ -> Formatted.isImages(in.get(1));
            default -> false;
        };
    }

    private static boolean isPlainOrDepthwise(Convolution c, long channels) {
        return c.groups() == 1 || c.groups() == channels;
    }

    /// See [dev.tenon.api.spi.DeviceRuntime#prepareFormatted].
    Optional<FormattedKernel> prepare(Op op, List<TensorType> in, List<TensorType> out, FormatRequest request) {
        if (!takes(op, in)) {
            return Optional.empty();
        }
        FormattedKernel kernel = switch (op) {
            case ConvolutionBackwardData b -> data(b, in, out.getFirst(), request);
            case ConvolutionBackwardWeight b -> weights(b, in, out.getFirst(), request);
            case BatchNorm n -> norm(n, in, out, request);
            case BatchNormBackward _ -> normBackward(in, out, request);
            case MaxPoolBackward _ -> pooling(in, out.getFirst(), request);
            default -> null;
        };
        return Optional.ofNullable(kernel);
    }

    /// What a kernel does with the addresses of operands and results.
    @FunctionalInterface
    private interface Body {
        void run(long[] at);
    }

    private static Kernel kernel(Body body) {
        return new Kernel() {
            @Override
            public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
                    @Nullable Operand workspace, Scalars scalars) {
                body.run(CpuMemory.addresses(in, out));
            }
        };
    }

    private Optional<Format> images(TensorType t) {
        return Optional.of(Formatted.images(t, pool));
    }

    private boolean isGiven(TensorType t, FormatRequest request, int operand) {
        return Formatted.isGiven(request.given().get(operand), t);
    }

    private @Nullable FormattedKernel data(ConvolutionBackwardData b, List<TensorType> in, TensorType out,
            FormatRequest request) {
        TensorType dy = in.getFirst();
        boolean given = isGiven(dy, request, 0);
        if (!given && request.readers().getFirst() != Readers.FORMATTED) {
            return null;
        }
        ConvShape s = Windowed.shape(b.convolution(), b.input(), in.get(1).shape(), dy.shape());
        BlockedConvolution conv =
                Rules.blocked(s, BLOCK, given, request.kept().get(1), BlockedConvolution.Task.DATA, pool);
        boolean unfit = conv == null || conv.weights().isEmpty() && !in.get(1).isContiguous();
        return unfit ? null : new FormattedKernel(kernel(at -> conv.run(at[0], at[1], 0, 0, at[2], null)),
                List.of(images(dy), conv.weights()), List.of(images(out)));
    }

    private @Nullable FormattedKernel weights(ConvolutionBackwardWeight b, List<TensorType> in, TensorType out,
            FormatRequest request) {
        TensorType x = in.getFirst();
        TensorType dy = in.get(1);
        boolean plain = Formatted.isPicture(x);
        if (!isGiven(dy, request, 1) && (plain || !isGiven(x, request, 0)) || !out.isContiguous()) {
            return null;
        }
        ConvShape s = Windowed.shape(b.convolution(), x.shape(), b.weight(), dy.shape());
        BlockedWeights sums = Rules.blockedWeights(s, BLOCK, plain, pool);
        return sums == null ? null : new FormattedKernel(kernel(at -> sums.run(at[0], at[1], at[2])),
                List.of(plain ? Optional.empty() : images(x), images(dy)), List.of(Optional.empty()));
    }

    private BlockedNorm norm(TensorType x) {
        long n = x.shape().dim(0);
        long c = x.shape().dim(1);
        return new BlockedNorm(pool, n, c, x.elements() / n / c);
    }

    private static boolean arePlain(List<TensorType> types) {
        return types.stream().allMatch(t -> t.dtype() == DType.F32 && t.isContiguous());
    }

    private @Nullable FormattedKernel norm(BatchNorm op, List<TensorType> in, List<TensorType> out,
            FormatRequest request) {
        TensorType x = in.getFirst();
        if (!isGiven(x, request, 0) || !arePlain(in) || !arePlain(out)) {
            return null;
        }
        BlockedNorm n = norm(x);
        Optional<Format> none = Optional.empty();
        return new FormattedKernel(kernel(at -> n.forward(at[0], at[1], at[2], op.epsilon(), at[3], at[4], at[5])),
                List.of(images(x), none, none), List.of(images(x), none, none));
    }

    private @Nullable FormattedKernel normBackward(List<TensorType> in, List<TensorType> out, FormatRequest request) {
        TensorType x = in.get(1);
        if (!isGiven(x, request, 0) && !isGiven(x, request, 1) || !arePlain(in) || !arePlain(out)) {
            return null;
        }
        BlockedNorm n = norm(x);
        Optional<Format> none = Optional.empty();
        return new FormattedKernel(
                kernel(at -> n.backward(at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7])),
                List.of(images(x), images(x), none, none, none), List.of(images(x), none, none));
    }

    private @Nullable FormattedKernel pooling(List<TensorType> in, TensorType out, FormatRequest request) {
        if (!(request.given().get(1).orElse(null) instanceof Places p) || !Formatted.isImages(out)
                || Arrays.stream(p.shape().dilation()).anyMatch(d -> d > 1)) {
            return null;
        }
        return new FormattedKernel(kernel(at -> BlockedMaxPool.backward(pool, p.shape(), at[0], at[1], at[2])),
                List.of(images(in.getFirst()), Optional.of(p)), List.of(images(out)));
    }
}
