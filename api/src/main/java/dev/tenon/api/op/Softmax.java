package dev.tenon.api.op;

import dev.tenon.api.Tensor;
import java.util.List;

/// e^x divided by the sum of e^x along an axis, computed without overflow.
///
/// @param axis the axis, counted from the first
public record Softmax(int axis) implements Composite {
    @Override
    public String name() {
        return "softmax";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        x.shape().axis(axis);
        return List.of(TensorType.of(x.dtype(), x.shape()));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor x = in.getFirst();
        if (x.elements() == 0) {
            return List.of(x.clone());
        }
        Tensor e = x.sub(x.amax(new int[] {axis}, true)).exp();
        return List.of(e.div(e.sum(axis, true)));
    }
}
