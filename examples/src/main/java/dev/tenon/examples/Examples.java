package dev.tenon.examples;

import dev.tenon.api.Tensor;

/// What the examples share.
final class Examples {
    private Examples() {}

    /// The gradient that backward has left in a tensor.
    static Tensor gradient(Tensor x) {
        Tensor g = x.grad();
        if (g == null) {
            throw new IllegalStateException("no gradient has reached " + x.type());
        }
        return g;
    }
}
