package dev.tenon.nn.train;

import dev.tenon.api.Tensor;
import dev.tenon.data.Batch;

/// What is computed for a batch, where calling the model with the batch's input and the loss with its target is not
/// it: networks with several outputs, losses of several parts.
///
/// ```java
/// Step withAuxiliaryHead = batch -> {
///     var out = net.callAll(batch.input());
///     Tensor loss = criterion.call(out.main(), batch.target());
///     return new Step.Result(out.main(), batch.target(),
///             net.isTraining() ? loss.add(criterion.call(out.auxiliary(), batch.target()).mul(0.3)) : loss);
/// };
/// ```
@FunctionalInterface
public interface Step {
    /// What came out.
    ///
    /// @param output what metrics are given as the model's word
    /// @param target what metrics are given as the truth
    /// @param loss a scalar: the mean over the batch
    record Result(Tensor output, Tensor target, Tensor loss) {}

    /// Computes a batch, in training and, with the model in evaluation mode and without gradients, in evaluation.
    Result run(Batch batch);
}
