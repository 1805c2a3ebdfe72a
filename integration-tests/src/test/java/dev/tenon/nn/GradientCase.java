package dev.tenon.nn;

import dev.tenon.api.Tensor;
import java.util.List;
import java.util.function.Function;

/// A layer or a loss, how it is called, and on what: its gradients are compared with finite differences.
///
/// @param layer the layer
/// @param forward the call; whatever is random in it must be the same each time
/// @param inputs what is differentiated, beside the layer's parameters
record GradientCase(Module layer, Function<List<Tensor>, Tensor> forward, Tensor... inputs) {
    /// A layer that maps one tensor to one.
    static GradientCase of(Module layer, Tensor input) {
        return new GradientCase(layer, in -> layer.call(in.getFirst()), input);
    }

    String title() {
        return layer.getClass().getSimpleName() + (layer.isTraining() ? "" : " in evaluation");
    }

    void check() {
        LayerChecks.gradCheck(layer, forward, inputs);
    }
}
