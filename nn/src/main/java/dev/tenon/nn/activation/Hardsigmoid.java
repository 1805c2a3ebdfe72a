package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// relu6(x + 3) / 6.
public final class Hardsigmoid extends Module {
    /// The activation.
    public Hardsigmoid() {}

    @Override
    public Tensor forward(Tensor x) {
        return x.hardsigmoid();
    }
}
