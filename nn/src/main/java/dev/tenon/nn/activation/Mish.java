package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// x tanh(softplus(x)) (Misra, 2019).
public final class Mish extends Module {
    /// The activation.
    public Mish() {}

    @Override
    public Tensor forward(Tensor x) {
        return x.mish();
    }
}
