package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MaxPool;
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
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.conv.BlockedConvolution;
import dev.tenon.backend.cpu.conv.BlockedMaxPool;
import dev.tenon.backend.cpu.conv.ConvShape;
import dev.tenon.backend.cpu.conv.Places;
import dev.tenon.backend.cpu.onednn.Images;
import dev.tenon.backend.cpu.onednn.Rules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Kernels that hand each other images in blocks of channels, within a program that is known before it runs:
/// convolutions by oneDNN with weights that stay the same, and what stands between them.
final class Formatted {
    private final Blocks blocks;
    private final WorkerPool pool;
    private final FormattedTraining training;

    Formatted(Blocks blocks, WorkerPool pool) {
        this.blocks = blocks;
        this.pool = pool;
        this.training = new FormattedTraining(pool);
    }

    /// Whether there could be a kernel here for an op on such images.
    boolean takes(Op op, List<TensorType> in) {
        return switch (op) {
            case Convolution c -> convolves(c, in);
            case FusedConvolution f -> convolves(f.convolution(), in) && parts(f, in).isPresent();
            case MaxPool _ -> isImages(in.getFirst());
            case MapOp m -> isPlain(m.body()) && in.stream().anyMatch(Formatted::isImages)
                    && in.stream().allMatch(t -> t.dtype() == DType.F32 && (isImages(t) || t.elements() == 1));
            default -> FormattedTraining.takes(op, in);
        };
    }

    /// Whether something can lie in blocks of channels.
    static boolean isImages(TensorType t) {
        return t.dtype() == DType.F32 && t.rank() == 4 && t.elements() > 0
                && t.shape().dim(1) % BlockedMaxPool.BLOCK == 0;
    }

    /// Whether something has so few channels that the first convolution of a net reads it as it is.
    static boolean isPicture(TensorType t) {
        return t.dtype() == DType.F32 && t.rank() == 4 && t.elements() > 0
                && t.shape().dim(1) < BlockedMaxPool.BLOCK / 2 && t.isContiguous();
    }

    /// The format of images of a type.
    static Images images(TensorType t, WorkerPool pool) {
        return new Images(t.shape().dim(0), t.shape().dim(1), t.shape().dim(2), t.shape().dim(3),
                BlockedMaxPool.BLOCK, pool);
    }

    /// Whether an operand lies in blocks of channels.
    static boolean isGiven(Optional<Format> format, TensorType t) {
        return isImages(t) && format.filter(f -> f instanceof Images(long n, long c, long h, long w, _, _)
                && Shape.of(n, c, h, w).equals(t.shape())).isPresent();
    }

    private static boolean convolves(Convolution c, List<TensorType> in) {
        long channels = in.get(1).shape().dim(0);
        return isImages(in.getFirst()) && channels % BlockedMaxPool.BLOCK == 0
                && (c.groups() == 1 || c.groups() == channels && in.get(1).shape().dim(1) == 1);
    }

    private static boolean isPlain(Lambda body) {
        return body.outputs().size() == 1 && body.dtype() == DType.F32 && body.steps().stream()
                .noneMatch(s -> s.expr() instanceof Expr.Index || s.expr() instanceof Expr.Random);
    }

    /// See [dev.tenon.api.spi.DeviceRuntime#prepareFormatted].
    Optional<FormattedKernel> prepare(Op op, List<TensorType> in, List<TensorType> out, FormatRequest request) {
        return switch (op) {
            case Convolution _, FusedConvolution _, MaxPool _, MapOp _ when !isImages(out.getFirst()) ->
                Optional.empty();
            case Convolution c -> convolution(c, new Parts(in.size() > 2 ? 2 : -1, -1, false, null), Scalars.NONE, in,
                    out.getFirst(), request);
            case FusedConvolution f -> parts(f, in).flatMap(p -> convolution(f.convolution(), p, f.scalars(), in,
                    out.getFirst(), request));
            case MaxPool p -> pooling(p, in, out, request);
            case MapOp m -> map(m, in, out.getFirst(), request);
            default -> training.prepare(op, in, out, request);
        };
    }

    private Images images(TensorType t) {
        return images(t, pool);
    }

    // --- convolutions

    /// The parts of an epilogue: first a bias is added, then images, then something is done to each element.
    ///
    /// @param bias the operand of the op, or -1
    /// @param sum the operand of the op, or -1
    /// @param rectified whether the rest is ReLU
    /// @param rest any other, of the sum, which is its operand 0; or null
    private record Parts(int bias, int sum, boolean rectified, @Nullable Lambda rest) {}

    private static Optional<Parts> parts(FusedConvolution f, List<TensorType> in) {
        if (f.epilogue().dtype() != DType.F32 || !isPlain(f.epilogue())) {
            return Optional.empty();
        }
        List<Expr> found = new ArrayList<>();
        Expr rest = replaced(f.epilogue().output(), in, found);
        Expr head = found.isEmpty() ? null : found.getFirst();
        Lambda l = Lambda.of(rest, DType.F32);
        if (head == null || !found.stream().allMatch(head::equals) || l.operands() > 1) {
            return Optional.empty();
        }
        int bias = -1;
        int sum = -1;
        if (head instanceof Expr.Binary(BinaryFn _, Expr a, Expr b)) {
            int last = 1 + operand(b);
            boolean images = !isPerChannel(in.get(last), in.get(1).shape().dim(0));
            sum = images ? last : -1;
            bias = !images ? last : a instanceof Expr.Binary(BinaryFn _, Expr _, Expr c) ? 1 + operand(c) : -1;
        }
        boolean rectified = isRectified(rest);
        return Optional.of(new Parts(bias, sum, rectified, rectified || l.isIdentity(DType.F32) ? null : l));
    }

    /// Whether this is ReLU of operand 0: 0 where it is at most 0.
    private static boolean isRectified(Expr e) {
        return e instanceof Expr.Select(Expr.Binary(BinaryFn fn, Expr x, Expr zero), Expr otherwise, Expr y)
                && fn == BinaryFn.LE && operand(x) == 0 && operand(y) == 0 && isZero(zero) && isZero(otherwise);
    }

    private static boolean isZero(Expr e) {
        return e instanceof Expr.Const(Kind kind, long bits) && kind == Kind.F32 && bits == 0;
    }

    private static int operand(Expr e) {
        return e instanceof Expr.Input i ? i.operand() : -1;
    }

    /// An epilogue with the sums that a primitive computes itself as its operand 0; `found` gets these.
    private static Expr replaced(Expr e, List<TensorType> in, List<Expr> found) {
        Expr head = head(e, in, true);
        if (head != null) {
            found.add(head);
            return new Expr.Input(0, Kind.F32);
        }
        return switch (e) {
            case Expr.Unary(var fn, Expr x) -> new Expr.Unary(fn, replaced(x, in, found));
            case Expr.Binary(var fn, Expr a, Expr b) ->
                new Expr.Binary(fn, replaced(a, in, found), replaced(b, in, found));
            case Expr.Select(Expr c, Expr a, Expr b) ->
                new Expr.Select(replaced(c, in, found), replaced(a, in, found), replaced(b, in, found));
            case Expr.Cast(DType to, Expr x) -> new Expr.Cast(to, replaced(x, in, found));
            default -> e;
        };
    }

    /// `x`, `x + bias`, `x + images` or `(x + bias) + images` with the operands in this order, for the convolution's
    /// result x; null for anything else.
    private static @Nullable Expr head(Expr e, List<TensorType> in, boolean images) {
        if (operand(e) == 0 && e.kind() == Kind.F32) {
            return e;
        }
        if (!(e instanceof Expr.Binary(BinaryFn fn, Expr a, Expr b)) || fn != BinaryFn.ADD) {
            return null;
        }
        for (int turn = 0; turn < 2; turn++) {
            Expr first = turn == 0 ? a : b;
            Expr second = turn == 0 ? b : a;
            int other = operand(second);
            if (other > 0) {
                TensorType t = in.get(other + 1);
                boolean bias = isPerChannel(t, in.get(1).shape().dim(0));
                boolean sum = images && !bias && isImages(t);
                Expr inner = sum ? head(first, in, false) : bias && operand(first) == 0 ? first : null;
                if (inner != null) {
                    return Exprs.binary(BinaryFn.ADD, inner, second);
                }
            }
        }
        return null;
    }

    private static boolean isPerChannel(TensorType t, long channels) {
        int r = t.rank();
        return t.dtype() == DType.F32 && t.isContiguous() && t.elements() == channels && r >= 3
                && t.shape().dim(r - 3) == channels;
    }

    private Optional<FormattedKernel> convolution(Convolution c, Parts parts, Scalars numbers, List<TensorType> in,
            TensorType out, FormatRequest request) {
        TensorType x = in.getFirst();
        boolean given = isGiven(request.given().getFirst(), x);
        boolean plain = !given && isPicture(x);
        boolean carried = request.readers().getFirst() == Readers.FORMATTED;
        if (x.dtype() != DType.F32 || x.rank() != 4 || !given && !carried || !plain && !isImages(x)
                || parts.sum() >= 0 && !in.get(parts.sum()).shape().equals(out.shape())) {
            return Optional.empty();
        }
        ConvShape s = Windowed.shape(c, x.shape(), in.get(1).shape(), out.shape());
        BlockedConvolution conv = Rules.blocked(s, BlockedMaxPool.BLOCK, given, request.kept().get(1),
                new BlockedConvolution.Task(false, plain, parts.bias() >= 0, parts.sum() >= 0, parts.rectified()),
                pool);
        if (conv == null || conv.weights().isEmpty() && !in.get(1).isContiguous()) {
            return Optional.empty();
        }
        List<Optional<Format>> formats = new ArrayList<>(Collections.nCopies(in.size(), Optional.empty()));
        formats.set(0, plain ? Optional.empty() : Optional.of(images(x)));
        formats.set(1, conv.weights());
        if (parts.sum() >= 0) {
            formats.set(parts.sum(), Optional.of(images(out)));
        }
        TensorType flat = TensorType.of(DType.F32, Shape.of(out.elements()));
        Lambda rest = parts.rest();
        MapKernel after = rest == null ? null : new MapKernel(blocks, pool, rest, List.of(flat), List.of(flat));
        Kernel kernel = new Kernel() {
            @Override
            public void run(Stream stream, List<? extends Operand> operands, List<? extends Operand> results,
                    @Nullable Operand workspace, Scalars scalars) {
                long[] at = CpuMemory.addresses(operands, results);
                long y = at[in.size()];
                conv.run(at[0], at[1], parts.bias() < 0 ? 0 : at[parts.bias()], parts.sum() < 0 ? 0 : at[parts.sum()],
                        y, after == null ? null
                                : (from, to) -> after.open(new long[] {y, y}, scalars).run(from, to));
            }
        };
        return Optional.of(new FormattedKernel(kernel, formats, List.of(Optional.of(images(out)))));
    }

    // --- others

    private Optional<FormattedKernel> pooling(MaxPool p, List<TensorType> in, List<TensorType> out,
            FormatRequest request) {
        if (!isGiven(request.given().getFirst(), in.getFirst())) {
            return Optional.empty();
        }
        ConvShape s = Windowed.pooling(p.kernel(), p.geometry(), in.getFirst().shape(), out.getFirst().shape());
        boolean told = request.readers().get(1) != Readers.NONE;
        Kernel kernel = new Kernel() {
            @Override
            public void run(Stream stream, List<? extends Operand> operands, List<? extends Operand> results,
                    @Nullable Operand workspace, Scalars scalars) {
                long[] at = CpuMemory.addresses(operands, results);
                BlockedMaxPool.run(pool, s, at[0], at[1], told ? at[2] : 0);
            }
        };
        return Optional.of(new FormattedKernel(kernel, List.of(Optional.of(images(in.getFirst()))),
                List.of(Optional.of(images(out.getFirst())), told ? Optional.of(new Places(s, pool))
                        : Optional.empty())));
    }

    /// What is elementwise goes over the memory as it lies.
    private Optional<FormattedKernel> map(MapOp m, List<TensorType> in, TensorType out, FormatRequest request) {
        List<Optional<Format>> formats = new ArrayList<>();
        List<TensorType> flat = new ArrayList<>();
        int given = 0;
        int all = 0;
        for (int i = 0; i < in.size(); i++) {
            TensorType t = in.get(i);
            boolean images = t.shape().equals(out.shape());
            if (t.dtype() != DType.F32 || !images && t.elements() != 1) {
                return Optional.empty();
            }
            all += images ? 1 : 0;
            given += images && isGiven(request.given().get(i), t) ? 1 : 0;
            formats.add(images ? Optional.of(images(out)) : Optional.empty());
            flat.add(TensorType.of(DType.F32, Shape.of(t.elements())));
        }
        boolean wanted = given > 0 && (given == all || request.readers().getFirst() == Readers.FORMATTED);
        if (!wanted || !isPlain(m.body())) {
            return Optional.empty();
        }
        TensorType y = TensorType.of(DType.F32, Shape.of(out.elements()));
        return Optional.of(new FormattedKernel(new MapKernel(blocks, pool, m.body(), flat, List.of(y)), formats,
                List.of(Optional.of(images(out)))));
    }
}
