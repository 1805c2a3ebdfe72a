package dev.tenon.api.op;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.List;

/// The gradient of a [MaxPool] with respect to its input. Operands: the gradient of the values and the positions.
///
/// @param input the shape of the pooled tensor
public record MaxPoolBackward(Shape input) implements Composite {
    @Override
    public String name() {
        return "max_pool" + (input.rank() - 2) + "d_backward";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        if (!in.get(0).shape().equals(in.get(1).shape())) {
            throw new TensorException(name() + ": gradient " + in.get(0).shape() + " and positions "
                    + in.get(1).shape() + " differ");
        }
        return List.of(TensorType.of(in.get(0).dtype(), input));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor g = in.get(0);
        Shape planes = input.slice(0, 2);
        Shape flat = planes.concat(Shape.of(g.shape().slice(2, g.rank()).elements()));
        Tensor zeros = Tensors.zeros(
                planes.concat(Shape.of(input.slice(2, input.rank()).elements())), g.dtype(), g.device());
        return List.of(zeros.scatterAdd(2, in.get(1).reshape(flat), g.reshape(flat)).reshape(input));
    }
}
