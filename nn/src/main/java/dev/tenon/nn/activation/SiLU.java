package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// x sigmoid(x), also called swish.
public final class SiLU extends Module {
    /// The activation.
    public SiLU() {}

    @Override
    public Tensor forward(Tensor x) {
        return x.silu();
    }
}
