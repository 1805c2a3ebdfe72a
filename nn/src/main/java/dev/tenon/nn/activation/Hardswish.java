package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// x relu6(x + 3) / 6.
public final class Hardswish extends Module {
    /// The activation.
    public Hardswish() {}

    @Override
    public Tensor forward(Tensor x) {
        return x.hardswish();
    }
}
