package dev.tenon.graph;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.TensorType;
import java.util.List;

/// One of two bodies, by whether the first operand, a tensor of one element, is not zero. Both take the other operands
/// and give outputs of the same types.
///
/// @param then runs where it is not zero
/// @param otherwise runs where it is zero
public record If(Graph then, Graph otherwise) implements ControlOp {
    @Override
    public String name() {
        return "if";
    }

    @Override
    public List<Graph> bodies() {
        return List.of(then, otherwise);
    }

    @Override
    public If withBodies(List<Graph> others) {
        return new If(others.get(0), others.get(1));
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        if (in.getFirst().elements() != 1 || in.size() != 1 + then.inputs().size()) {
            throw new TensorException("if: takes a condition of one element and " + then.inputs().size()
                    + " further operands, got " + in);
        }
        return Body.types(then);
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        Graph chosen = in.getFirst().ne(0L).item() != 0 ? then : otherwise;
        return chosen.run(in.subList(1, in.size()));
    }
}
