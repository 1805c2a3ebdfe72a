package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// x / (1 + |x|).
public final class Softsign extends Module {
    /// The activation.
    public Softsign() {}

    @Override
    public Tensor forward(Tensor x) {
        return x.softsign();
    }
}
