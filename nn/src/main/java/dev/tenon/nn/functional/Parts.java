package dev.tenon.nn.functional;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.autograd.Function;
import dev.tenon.autograd.FunctionContext;
import java.util.List;

/// Equal parts along an axis, as views. Taken one by one, each part would send back a gradient of the whole, zero but
/// for that part, which over n parts makes n² work of it; here the gradients are put side by side once.
final class Parts extends Function {
    private final int count;
    private final int axis;

    private Parts(int count, int axis) {
        this.count = count;
        this.axis = axis;
    }

    /// `count` parts of equal extent along an axis that `count` divides.
    static List<Tensor> of(Tensor x, int count, int axis) {
        return new Parts(count, x.shape().axis(axis)).applyAll(List.of(x));
    }

    @Override
    protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
        return inputs.getFirst().chunk(count, axis);
    }

    @Override
    protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
        return List.of(Tensors.cat(axis, gradOutputs));
    }
}
