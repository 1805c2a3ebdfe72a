package dev.tenon.backend.cuda;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A convolution as cuDNN knows it, and the rule which ones it is given: floating point, two or three spatial axes (one
/// is seen as two), operands that are contiguous or have their channels last, the same padding on both sides.
///
/// @param direction what is computed
/// @param x the input, `[n, c, spatial...]`
/// @param w the weight, `[o, c / groups, kernel...]`; cuDNN finds the number of groups by it
/// @param y the result, `[n, o, windows...]`
/// @param stride of the windows, one for each spatial axis, as the padding and the dilation
/// @param epilogue what cuDNN itself is to do with the result
record ConvolutionForm(Direction direction, DType dtype, TensorLayout x, TensorLayout w, TensorLayout y,
        List<Long> stride, List<Long> padding, List<Long> dilation, Epilogue epilogue) implements LibraryForm {
    /// The one of the operands that is computed from the other two.
    enum Direction { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHT }

    /// What is done to each element of the result; `OWN` is what cuDNN does not know.
    enum Epilogue {
        NONE(false, false), BIAS(true, false), RELU(false, true), BIAS_RELU(true, true), OWN(false, false);

        private final boolean bias;
        private final boolean relu;

        Epilogue(boolean bias, boolean relu) {
            this.bias = bias;
            this.relu = relu;
        }

        boolean hasBias() {
            return bias;
        }

        boolean hasRelu() {
            return relu;
        }
    }

    /// The form of an op, or empty if it is none for cuDNN.
    static Optional<ConvolutionForm> of(Op op, List<TensorType> in, List<TensorType> out) {
        return switch (op) {
            case Convolution c -> {
                boolean biased = in.size() > 2;
                Epilogue e = !biased ? Epilogue.NONE : in.get(2).isContiguous() ? Epilogue.BIAS : Epilogue.OWN;
                yield of(Direction.FORWARD, c, in.get(0), in.get(1), out.getFirst(), e);
            }
            case FusedConvolution f -> {
                TensorType y = out.getFirst().dtype() == in.getFirst().dtype() ? out.getFirst()
                        : out.getFirst().withDType(in.getFirst().dtype());
                yield of(Direction.FORWARD, f.convolution(), in.get(0), in.get(1), y, known(f, in, out.getFirst()));
            }
            case ConvolutionBackwardData b ->
                of(Direction.BACKWARD_DATA, b.convolution(), out.getFirst(), in.get(1), in.get(0), Epilogue.NONE);
            case ConvolutionBackwardWeight b ->
                of(Direction.BACKWARD_WEIGHT, b.convolution(), in.get(0), out.getFirst(), in.get(1), Epilogue.NONE);
            default -> Optional.empty();
        };
    }

    private static Optional<ConvolutionForm> of(Direction direction, Convolution op, TensorType x, TensorType w,
            TensorType y, Epilogue epilogue) {
        WindowGeometry g = op.geometry();
        boolean padded = g.padLow().equals(g.padHigh()) && g.padLow().stream().allMatch(p -> p >= 0);
        boolean sizes = List.of(x, w, y).stream()
                .allMatch(t -> t.elements() > 0 && t.elements() <= Integer.MAX_VALUE && t.dtype().isFloating());
        if (g.axes() < 1 || g.axes() > 3 || !padded || !sizes) {
            return Optional.empty();
        }
        Optional<TensorLayout> image = TensorLayout.image(x);
        Optional<TensorLayout> weight = TensorLayout.image(w);
        Optional<TensorLayout> result = TensorLayout.image(y);
        if (image.isEmpty() || weight.isEmpty() || result.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new ConvolutionForm(direction, x.dtype(), image.get(), weight.get(), result.get(),
                spatial(g.stride(), 1), spatial(g.padLow(), 0), spatial(g.dilation(), 1), epilogue));
    }

    /// Numbers of the spatial axes, before them one for the axis that is made up where there is only one.
    private static List<Long> spatial(List<Integer> numbers, long first) {
        List<Long> all = new ArrayList<>();
        if (numbers.size() == 1) {
            all.add(first);
        }
        numbers.forEach(n -> all.add((long) n));
        return List.copyOf(all);
    }

    /// The epilogue if cuDNN is to be asked for it: a bias of one number for each channel, then perhaps ReLU.
    private static Epilogue known(FusedConvolution op, List<TensorType> in, TensorType out) {
        DType d = in.getFirst().dtype();
        if (out.dtype() != d || d == DType.F64 || in.size() > 3) {
            return Epilogue.OWN;
        }
        Expr y = Exprs.in(0, d);
        List<Expr> sums = new ArrayList<>(List.of(y));
        boolean bias = in.size() == 3;
        if (bias) {
            if (!isPerChannel(in.get(2), out.shape(), d)) {
                return Epilogue.OWN;
            }
            Expr b = Exprs.in(1, d);
            sums = List.of(Exprs.add(y, b), Exprs.add(b, y));
        }
        for (Expr sum : sums) {
            Expr relu = Exprs.select(Exprs.binary(BinaryFn.LE, sum, Exprs.like(sum, 0)), Exprs.like(sum, 0), sum);
            if (op.epilogue().equals(Lambda.of(sum, d))) {
                return bias ? Epilogue.BIAS : Epilogue.NONE;
            }
            if (op.epilogue().equals(Lambda.of(relu, d))) {
                return bias ? Epilogue.BIAS_RELU : Epilogue.RELU;
            }
        }
        return Epilogue.OWN;
    }

    private static boolean isPerChannel(TensorType t, Shape y, DType d) {
        int axis = t.rank() - (y.rank() - 1);
        return t.dtype() == d && t.isContiguous() && axis >= 0 && t.shape().dim(axis) == y.dim(1)
                && t.elements() == y.dim(1);
    }

    @Override
    public String what() {
        return "a convolution";
    }

    @Override
    public List<Integer> operands() {
        return epilogue.hasBias() ? List.of(0, 1, 2) : List.of(0, 1);
    }

    @Override
    public int results() {
        return 1;
    }

    @Override
    public boolean isWorthwhile() {
        return (double) y.elements() * w.elements() / w.dims().getFirst() >= LEAST_PRODUCTS;
    }

    @Override
    public boolean isMeasured() {
        return false;
    }

    /// The same without epilogue.
    ConvolutionForm plain() {
        return new ConvolutionForm(direction, dtype, x, w, y, stride, padding, dilation, Epilogue.NONE);
    }
}
