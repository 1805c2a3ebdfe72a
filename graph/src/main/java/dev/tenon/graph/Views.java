package dev.tenon.graph;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ViewOp;
import java.util.List;

/// Views of tensors that are laid out in another way than their values in the graph.
final class Views {
    private Views() {}

    /// The operands of an op, copied where a reshape cannot be a view of them: a decomposition may leave its result in
    /// another layout than the op itself promises.
    static List<Tensor> viewable(Op op, List<Tensor> in) {
        return op instanceof ViewOp.Reshape r && r.strides(in.getFirst().type()).isEmpty()
                ? List.of(in.getFirst().clone()) : in;
    }
}
