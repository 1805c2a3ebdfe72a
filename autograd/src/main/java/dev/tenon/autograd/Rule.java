package dev.tenon.autograd;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.Op;
import java.util.List;

/// How gradients flow back through one kind of op. Rules are written with tensor operations, so that what they compute
/// can itself be differentiated and captured. The gradient of an operand has the operand's shape and dtype.
interface Rule<O extends Op> {
    /// Saves those operands and results that [#backward] will read.
    default void save(O op, Link link) {}

    /// Computes the gradients of the operands that need one.
    void backward(O op, Backward b);

    /// Throws where an op of the kind has no gradient for the operands that require one.
    default void check(O op, List<Tensor> in) {}
}
