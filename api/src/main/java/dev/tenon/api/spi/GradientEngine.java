package dev.tenon.api.spi;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.Op;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Computes gradients; found through [java.util.ServiceLoader]. The dispatcher calls [#link] after each op of which an
/// operand needs a gradient; everything else is called through the methods of [Tensor].
public interface GradientEngine {
    /// Whether the engine has a rule for the op itself. A composite without one is decomposed under the tape.
    boolean hasRule(Op op);

    /// Called before an op runs of which an operand needs a gradient: throws where the op cannot be differentiated, so
    /// that the graph is not cut in silence.
    void check(Op op, List<Tensor> in);

    /// As [#check], for an op that is about to write its results over tensors, some of them its inputs: throws where
    /// the gradient would need a value that is lost.
    void checkInPlace(Op op, List<Tensor> in, List<Tensor> into);

    /// Links the outputs of an op to its inputs.
    void link(Op op, List<Tensor> in, List<Tensor> out);

    /// Links an output that was computed into one of the inputs' memory: the tensor then has the new history.
    void linkInPlace(Op op, List<Tensor> in, List<Tensor> out);

    /// Adds to the gradient of every leaf that led to `roots`.
    ///
    /// @param gradients the gradient of each root, null standing for one of a scalar
    /// @param retainGraph whether what was saved stays for another pass
    /// @param createGraph whether the gradients are themselves differentiable
    void backward(List<Tensor> roots, List<@Nullable Tensor> gradients, boolean retainGraph, boolean createGraph);
}
