package dev.tenon.nn.precision;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.Softmax;
import dev.tenon.api.spi.OpPolicy;
import java.util.List;

/// Mixed precision: on this thread matrix products and convolutions run in 16 bits, sums, softmax and losses in 32.
/// Parameters stay in 32 bits and are converted where they are used, so that their gradients and the optimiser's steps
/// are in 32 bits as well.
///
/// ```java
/// Tensor loss;
/// try (var _ = Autocast.enter(DType.BF16)) {
///     loss = criterion.call(net.call(x), y);
/// }
/// loss.backward();
/// ```
///
/// - Products and convolutions: operands in `F32`, `F16` and `BF16` are converted to the given dtype, which is that of
///   the result. Operands in `F64` stay, and so does the op.
/// - Sums, products and running sums of 16-bit numbers, softmax and log-softmax, and the losses of
///   [dev.tenon.nn.loss] and [dev.tenon.nn.functional.Losses] compute and give `F32`.
/// - All else takes the dtypes it is given: 16-bit with 16-bit gives 16-bit, with `F32` gives `F32`.
///
/// Gradients pass through the conversions. A backward pass takes no notice of this mode: its dtypes follow from those
/// of the forward pass. With `F16`, whose smallest numbers are near 6e-8, small gradients become zero: use a
/// [GradScaler]. `BF16` has the range of `F32` and needs none.
public final class Autocast implements OpPolicy {
    private static final Autocast F16 = new Autocast(DType.F16);
    private static final Autocast BF16 = new Autocast(DType.BF16);

    private final DType lower;

    private Autocast(DType lower) {
        this.lower = lower;
    }

    /// Turns mixed precision on on this thread until closed.
    ///
    /// @param dtype `BF16` or `F16`
    /// @throws IllegalArgumentException for another dtype
    public static Context.Mode enter(DType dtype) {
        return Context.policy(switch (dtype) {
            case F16 -> F16;
            case BF16 -> BF16;
            default -> throw new IllegalArgumentException("autocast: dtype " + dtype + ": expected bf16 or f16");
        });
    }

    /// Turns mixed precision off on this thread until closed, for a part that needs all bits.
    public static Context.Mode disabled() {
        return Context.policy() instanceof Autocast ? Context.policy(null) : Context.policy(Context.policy());
    }

    /// Whether mixed precision is on on this thread.
    public static boolean isEnabled() {
        return Context.policy() instanceof Autocast;
    }

    /// The tensor in 32 bits if it has 16 and mixed precision is on; otherwise the tensor itself.
    public static Tensor full(Tensor x) {
        return isEnabled() ? raised(x) : x;
    }

    /// The tensor in the dtype of another, if mixed precision is on and it has 32 bits and the other 16; otherwise the
    /// tensor itself. For what is added to a product: a bias in 32 bits would make the sum one of 32 bits.
    public static Tensor like(Tensor x, Tensor other) {
        return isEnabled() && x.dtype() == DType.F32 && isShort(other.dtype()) ? x.to(other.dtype()) : x;
    }

    private static boolean isShort(DType d) {
        return d == DType.F16 || d == DType.BF16;
    }

    private static Tensor raised(Tensor x) {
        return isShort(x.dtype()) ? x.to(DType.F32) : x;
    }

    private List<Tensor> lowered(List<Tensor> in) {
        boolean all = in.stream().allMatch(t -> t.dtype() == DType.F32 || isShort(t.dtype()));
        return all ? in.stream().map(t -> t.to(lower)).toList() : in;
    }

    @Override
    public List<Tensor> apply(Op op, List<Tensor> in) {
        return switch (op) {
            case MatMulOp m when m.epilogue().isEmpty() -> Dispatcher.apply(m, lowered(in));
            case Convolution c -> Dispatcher.apply(c, lowered(in));
            case ConvolutionBackwardData c -> Dispatcher.apply(c, lowered(in));
            case ReduceOp r when isSum(r.reducer()) && isShort(r.prologue().dtype()) ->
                Dispatcher.apply(inFull(r), in);
            case ScanOp s when isSum(s.reducer()) -> Dispatcher.apply(s, in.stream().map(Autocast::raised).toList());
            case Softmax s -> Dispatcher.apply(s, in.stream().map(Autocast::raised).toList());
            case LogSoftmax s -> Dispatcher.apply(s, in.stream().map(Autocast::raised).toList());
            default -> Dispatcher.apply(op, in);
        };
    }

    private static boolean isSum(Reducer r) {
        return r == Reducer.SUM || r == Reducer.PROD;
    }

    /// The same reduction with its result in 32 bits, in which 16-bit numbers are accumulated anyway.
    private static ReduceOp inFull(ReduceOp r) {
        Lambda prologue = Lambda.of(r.prologue().outputs().getFirst(), DType.F32);
        return new ReduceOp(r.reducer(), r.axes(), r.keepDims(), prologue, r.scalars());
    }

    @Override
    public String toString() {
        return "Autocast(" + lower + ")";
    }
}
