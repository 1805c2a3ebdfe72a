package dev.tenon.api.op;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.List;

/// The gradient of a [Convolution] with respect to its weight. Operands: the input `[n, c, spatial...]` and the
/// gradient
/// of the result `[n, o, windows...]`.
///
/// @param convolution the convolution
/// @param weight the shape of its weight
public record ConvolutionBackwardWeight(Convolution convolution, Shape weight) implements Composite {
    @Override
    public String name() {
        return convolution.name() + "_backward_weight";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.get(0);
        TensorType w = TensorType.of(x.dtype(), weight);
        Shape expected = convolution.infer(List.of(x, w)).getFirst().shape();
        if (!expected.equals(in.get(1).shape())) {
            throw new TensorException(name() + ": input " + x.shape() + " and weight " + weight + " give " + expected
                    + ", the gradient has " + in.get(1).shape());
        }
        return List.of(w);
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor g = in.get(1);
        int groups = convolution.groups();
        Shape windows = g.shape().slice(2, g.rank());
        Tensor columns = convolution.columns(in.get(0), weight, windows);
        Tensor rows = g.reshape(g.size(0), groups, weight.dim(0) / groups, windows.elements());
        return List.of(rows.matmul(columns).sum(0).reshape(weight));
    }
}
