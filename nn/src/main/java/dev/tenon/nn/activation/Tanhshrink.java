package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// x - tanh(x).
public final class Tanhshrink extends Module {
    /// The activation.
    public Tanhshrink() {}

    @Override
    public Tensor forward(Tensor x) {
        return x.sub(x.tanh());
    }
}
