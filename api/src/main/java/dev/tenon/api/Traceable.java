package dev.tenon.api;

import java.util.Map;

/// A function with state, such as a model, as those see it who make graphs of functions: what decides, besides the
/// input, which graph it has.
public interface Traceable {
    /// Computes the output for one tensor.
    Tensor call(Tensor x);

    /// The tensors that are its state now, by name: parameters and buffers. The very tensors that [#call] uses.
    Map<String, Tensor> tensors();

    /// Whatever else decides what it computes, such as training or evaluation mode; compared with `equals`.
    Object mode();
}
