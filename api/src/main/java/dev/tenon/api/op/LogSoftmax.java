package dev.tenon.api.op;

import dev.tenon.api.Tensor;
import java.util.List;

/// The logarithm of [Softmax], computed without overflow or cancellation.
///
/// @param axis the axis, counted from the first
public record LogSoftmax(int axis) implements Composite {
    @Override
    public String name() {
        return "log_softmax";
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
        Tensor shifted = x.sub(x.amax(new int[] {axis}, true));
        return List.of(shifted.sub(shifted.exp().sum(axis, true).log()));
    }
}
