package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.List;
import java.util.stream.IntStream;

/// Layer normalisation (Ba, Kiros and Hinton, 2016). Operands: input `[rows..., normalized...]`, scale and shift
/// `[normalized...]`. Outputs: the normalised, scaled and shifted input; and, in the arithmetic of the input's dtype,
/// each row's mean and the reciprocal of its standard deviation, `[rows...]`.
///
/// @param axes how many of the last axes are normalised together
/// @param epsilon added to the variance
public record LayerNorm(int axes, double epsilon) implements Composite {
    @Override
    public String name() {
        return "layer_norm";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        if (axes < 1 || x.rank() < axes || !x.dtype().isFloating()) {
            throw new TensorException("layer_norm: input " + x + ": expected floating-point, with " + axes
                    + " axes or more");
        }
        Shape normalized = x.shape().slice(x.rank() - axes, x.rank());
        for (TensorType t : in.subList(1, in.size())) {
            if (!t.shape().equals(normalized)) {
                throw new TensorException("layer_norm: scale or shift " + t + " for input " + x + ": expected "
                        + normalized);
            }
        }
        TensorType statistic = TensorType.of(x.dtype().kind().dtype(), x.shape().slice(0, x.rank() - axes));
        return List.of(TensorType.of(x.dtype(), x.shape()), statistic, statistic);
    }

    /// The axes that are normalised, of a tensor of the given rank.
    static int[] normalized(int rank, int axes) {
        return IntStream.range(rank - axes, rank).toArray();
    }

    /// A value for each row, shaped to broadcast over the axes that are normalised.
    static Tensor perRow(Tensor t, int axes) {
        Tensor r = t;
        for (int i = 0; i < axes; i++) {
            r = r.unsqueeze(-1);
        }
        return r;
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        DType dtype = in.getFirst().dtype();
        DType work = dtype.kind().dtype();
        Tensor x = in.getFirst().to(work);
        int[] over = normalized(x.rank(), axes);
        Tensor mean = x.mean(over, false);
        Tensor centred = x.sub(perRow(mean, axes));
        Tensor rstd = centred.square().mean(over, false).add(epsilon).rsqrt();
        Tensor y = centred.mul(perRow(rstd, axes)).mul(in.get(1).to(work)).add(in.get(2).to(work));
        return List.of(y.to(dtype), mean, rstd);
    }
}
