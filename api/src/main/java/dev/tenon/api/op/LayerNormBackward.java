package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/// The gradients of a [LayerNorm]. Operands: the gradient of the result, the input, the scale, and the mean and
/// reciprocal standard deviation that it gave. Outputs: the gradients of the input, the scale and the shift.
///
/// @param axes how many of the last axes were normalised together
public record LayerNormBackward(int axes) implements Composite {
    @Override
    public String name() {
        return "layer_norm_backward";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return types(in.get(1), in.get(2));
    }

    /// Those of the gradients of a normalisation's input, scale and shift.
    static List<TensorType> types(TensorType x, TensorType scale) {
        TensorType parameter = TensorType.of(scale.dtype(), scale.shape());
        return List.of(TensorType.of(x.dtype(), x.shape()), parameter, parameter);
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        DType dtype = in.get(1).dtype();
        DType work = dtype.kind().dtype();
        Tensor g = in.get(0).to(work);
        Tensor x = in.get(1).to(work);
        Tensor weight = in.get(2);
        Tensor rstd = LayerNorm.perRow(in.get(4), axes);
        int[] over = LayerNorm.normalized(x.rank(), axes);
        int[] rows = IntStream.range(0, x.rank() - axes).toArray();
        Tensor normal = x.sub(LayerNorm.perRow(in.get(3), axes)).mul(rstd);
        Tensor scaled = g.mul(weight.to(work));
        Tensor inner = scaled.sub(scaled.mean(over, true)).sub(normal.mul(scaled.mul(normal).mean(over, true)));
        Tensor gw = rows.length == 0 ? g.mul(normal) : g.mul(normal).sum(rows, false);
        Tensor gb = rows.length == 0 ? g.clone().contiguous() : g.sum(rows, false);
        return List.of(inner.mul(rstd).to(dtype), gw.to(weight.dtype()), gb.to(weight.dtype()));
    }
}
