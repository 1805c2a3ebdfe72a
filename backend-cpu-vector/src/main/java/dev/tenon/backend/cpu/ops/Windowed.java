package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.AvgPoolBackward;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import dev.tenon.api.spi.Kernel;
import dev.tenon.backend.cpu.Use;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.conv.Conv;
import dev.tenon.backend.cpu.conv.ConvShape;
import dev.tenon.backend.cpu.conv.FewChannels;
import dev.tenon.backend.cpu.conv.Pool;
import dev.tenon.backend.cpu.conv.Winograd;
import dev.tenon.backend.cpu.conv.WinogradBackwardWeights;
import dev.tenon.backend.cpu.conv.WinogradRules;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.onednn.DnnlConv;
import dev.tenon.backend.cpu.onednn.OneDnn;
import dev.tenon.backend.cpu.onednn.Rules;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Kernels for convolutions and poolings over one to three axes of floats or doubles. Everything else decomposes.
final class Windowed {
    /// Results of so many bytes are still in the cache when they are complete, and are finished in one go: pieces of
    /// short rows would cost more.
    private static final long SMALL = 1 << 19;

    private final Blocks blocks;
    private final WorkerPool pool;

    Windowed(Blocks blocks, WorkerPool pool) {
        this.blocks = blocks;
        this.pool = pool;
    }

    Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
        DType dtype = in.getFirst().dtype();
        int axes = in.getFirst().rank() - 2;
        boolean plain = dtype == DType.F32 || dtype == DType.F64;
        if (!plain || axes < 1 || axes > 3) {
            return Optional.empty();
        }
        for (TensorType t : out) {
            if (t.elements() == 0) {
                return Optional.empty();
            }
        }
        for (TensorType t : in) {
            if (t.elements() == 0) {
                return Optional.empty();
            }
        }
        Dense.Body body = switch (op) {
            case Convolution c -> forward(c, in, out.getFirst());
            case FusedConvolution f -> fused(f, in, out.getFirst());
            case ConvolutionBackwardData c -> {
                ConvShape s = shape(c.convolution(), c.input(), in.get(1).shape(), in.get(0).shape());
                Winograd winograd = winograd(s, true, dtype);
                if (winograd != null) {
                    yield at -> winograd.run(at[0], at[1], at[2], null);
                }
                DnnlConv library = library(s, DnnlConv.Kind.DATA, dtype);
                if (library == null && FewChannels.fits(s)) {
                    var few = new FewChannels(gemm(dtype), s);
                    yield at -> few.backwardData(pool, at[0], at[1], at[2]);
                }
                yield library != null ? at -> library.run(at[2], at[1], at[0], null)
                        : at -> Conv.backwardData(gemm(dtype), pool, s, at[0], at[1], at[2]);
            }
            case ConvolutionBackwardWeight c -> {
                ConvShape s = shape(c.convolution(), in.get(0).shape(), c.weight(), in.get(1).shape());
                WinogradBackwardWeights winograd = isWinograd(dtype)
                        ? WinogradRules.weights(s, isWinogradFree(), pool) : null;
                if (winograd != null) {
                    yield at -> winograd.run(at[0], at[1], at[2]);
                }
                DnnlConv library = library(s, DnnlConv.Kind.WEIGHTS, dtype);
                yield library != null ? at -> library.run(at[0], at[2], at[1], null)
                        : at -> Conv.backwardWeights(gemm(dtype), pool, s, at[0], at[1], at[2]);
            }
            case MaxPool p -> {
                ConvShape s = pooling(p.kernel(), p.geometry(), in.getFirst().shape(), out.getFirst().shape());
                yield at -> Pool.max(blocks.isVector(), pool, s, dtype.bytes(), at[0], at[1], at[2]);
            }
            case MaxPoolBackward p -> {
                WindowGeometry any = WindowGeometry.of(axes, 1, 0, 1);
                ConvShape s = pooling(Collections.nCopies(axes, 1), any, p.input(), in.getFirst().shape());
                yield at -> Pool.maxBackward(pool, s, dtype.bytes(), at[0], at[1], at[2]);
            }
            case AvgPool p when p.divisor().isEmpty() -> {
                ConvShape s = pooling(p.kernel(), p.geometry(), in.getFirst().shape(), out.getFirst().shape());
                int[] after = three(p.geometry().padHigh(), 0);
                yield at -> Pool.average(blocks.isVector(), pool, s, dtype.bytes(), after, p.countPadding(), at[0],
                        at[1]);
            }
            case AvgPoolBackward b when b.pool().divisor().isEmpty() -> {
                AvgPool p = b.pool();
                ConvShape s = pooling(p.kernel(), p.geometry(), b.input(), in.getFirst().shape());
                int[] after = three(p.geometry().padHigh(), 0);
                yield at -> Pool.averageBackward(pool, s, dtype.bytes(), after, p.countPadding(), at[0], at[1]);
            }
            default -> null;
        };
        return body == null ? Optional.empty() : Optional.of(new Dense(blocks, pool, in, out, body));
    }

    private GemmKernel gemm(DType dtype) {
        return dtype == DType.F32 ? GemmKernel.f32(blocks.isVector()) : GemmKernel.f64(blocks.isVector());
    }

    private @Nullable DnnlConv library(ConvShape s, DnnlConv.Kind kind, DType dtype) {
        return blocks.isVector() ? Rules.convolution(s, kind, dtype, pool) : null;
    }

    private boolean isWinograd(DType dtype) {
        return blocks.isVector() && dtype == DType.F32;
    }

    /// Whether Winograd's algorithm may be chosen: not where oneDNN is to do whatever it can.
    private static boolean isWinogradFree() {
        return !OneDnn.isAvailable() || OneDnn.use() != Use.TRUE;
    }

    /// The convolution or its gradient of the input by Winograd's algorithm, or null if it is not to be.
    private @Nullable Winograd winograd(ConvShape s, boolean data, DType dtype) {
        return isWinograd(dtype) ? WinogradRules.convolution(s, data, isWinogradFree(), pool) : null;
    }

    private Dense.Body forward(Convolution c, List<TensorType> in, TensorType out) {
        if (in.size() == 2) {
            ConvShape s = shape(c, in.get(0).shape(), in.get(1).shape(), out.shape());
            DType dtype = out.dtype();
            Winograd winograd = winograd(s, false, dtype);
            if (winograd != null) {
                return at -> winograd.run(at[0], at[1], at[2], null);
            }
            DnnlConv library = library(s, DnnlConv.Kind.FORWARD, dtype);
            return library != null ? at -> library.run(at[0], at[1], at[2], null)
                    : at -> Conv.forward(gemm(dtype), pool, s, at[0], at[1], at[2], null);
        }
        long[] perChannel = new long[out.rank()];
        Arrays.fill(perChannel, 1);
        perChannel[1] = out.shape().dim(1);
        DType dtype = out.dtype();
        Lambda add = Lambda.of(Exprs.add(Exprs.in(0, dtype), Exprs.in(1, dtype)), dtype);
        return finished(c, in, out, add, List.of(TensorType.of(dtype, Shape.of(perChannel))));
    }

    private Dense.@Nullable Body fused(FusedConvolution f, List<TensorType> in, TensorType out) {
        if (out.dtype() != in.getFirst().dtype()) {
            return null;
        }
        List<TensorType> extras = new ArrayList<>();
        for (TensorType t : in.subList(2, in.size())) {
            extras.add(t.withDType(t.dtype()));
        }
        return finished(f.convolution(), in, out, f.epilogue(), extras);
    }

    /// A convolution whose parts go through an elementwise op while they are still in the cache.
    ///
    /// @param after what is done to each element, which is its operand 0
    /// @param extras its operands from 1 on, at the addresses after that of the weight
    private Dense.Body finished(Convolution c, List<TensorType> in, TensorType out, Lambda after,
            List<TensorType> extras) {
        ConvShape s = shape(c, in.get(0).shape(), in.get(1).shape(), out.shape());
        DType dtype = out.dtype();
        long channels = out.shape().dim(1);
        TensorType y = TensorType.of(dtype, out.shape());
        List<TensorType> operandTypes = new ArrayList<>(List.of(y));
        operandTypes.addAll(extras);
        MapKernel map = new MapKernel(blocks, pool, after, operandTypes, List.of(y));
        int volume = Math.toIntExact(y.elements() / channels / y.shape().dim(0));
        long groupOut = channels / c.groups();
        int result = 2 + extras.size();
        Winograd winograd = winograd(s, false, dtype);
        DnnlConv library = winograd == null ? library(s, DnnlConv.Kind.FORWARD, dtype) : null;
        boolean small = y.elements() * dtype.bytes() <= SMALL;
        return new Dense.Body() {
            @Override
            public void run(long[] at) {
                run(at, Scalars.NONE);
            }

            @Override
            public void run(long[] at, Scalars scalars) {
                long[] operands = new long[extras.size() + 2];
                operands[0] = at[result];
                System.arraycopy(at, 2, operands, 1, extras.size() + 1);
                if (winograd == null && library == null && (small || c.groups() > 1 && in.get(1).shape().dim(1) == 1)) {
                    Conv.forward(gemm(dtype), pool, s, at[0], at[1], at[result], null);
                    map.run(operands, scalars);
                    return;
                }
                Conv.GroupEpilogue each = (group, i0, rows, j0, cols) -> {
                    Frame frame = map.open(operands, scalars);
                    int points = 0;
                    for (int j = j0; j < j0 + cols; j += points) {
                        int image = j / volume;
                        int point = j % volume;
                        points = Math.min(volume - point, j0 + cols - j);
                        long first = (image * channels + group * groupOut + i0) * volume + point;
                        if (points == volume) {
                            frame.run(first, first + (long) rows * volume);
                            continue;
                        }
                        for (int i = 0; i < rows; i++, first += volume) {
                            frame.run(first, first + points);
                        }
                    }
                };
                if (winograd != null) {
                    winograd.run(at[0], at[1], at[result], each);
                } else if (library != null) {
                    library.run(at[0], at[1], at[result], each);
                } else {
                    Conv.forward(gemm(dtype), pool, s, at[0], at[1], at[result], each);
                }
            }
        };
    }

    /// One number for each of three axes, with `outer` for those that there are not.
    private static int[] three(List<Integer> x, int outer) {
        int[] a = new int[3];
        Arrays.fill(a, outer);
        for (int i = 0; i < x.size(); i++) {
            a[3 - x.size() + i] = x.get(i);
        }
        return a;
    }

    private static int[] spatial(Shape s) {
        int[] a = {1, 1, 1};
        int axes = s.rank() - 2;
        for (int i = 0; i < axes; i++) {
            a[3 - axes + i] = Math.toIntExact(s.dim(i + 2));
        }
        return a;
    }

    static ConvShape shape(Convolution c, Shape x, Shape w, Shape y) {
        WindowGeometry g = c.geometry();
        return new ConvShape(Math.toIntExact(x.dim(0)), Math.toIntExact(x.dim(1)), spatial(x),
                Math.toIntExact(w.dim(0)), spatial(w), spatial(y), three(g.stride(), 1), three(g.padLow(), 0),
                three(g.dilation(), 1), c.groups());
    }

    static ConvShape pooling(List<Integer> kernel, WindowGeometry g, Shape x, Shape y) {
        int c = Math.toIntExact(x.dim(1));
        return new ConvShape(Math.toIntExact(x.dim(0)), c, spatial(x), c, three(kernel, 1), spatial(y),
                three(g.stride(), 1), three(g.padLow(), 0), three(g.dilation(), 1), 1);
    }
}
