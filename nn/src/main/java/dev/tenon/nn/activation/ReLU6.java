package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// min(max(x, 0), 6).
public final class ReLU6 extends Module {
    /// The activation.
    public ReLU6() {}

    @Override
    public Tensor forward(Tensor x) {
        return x.relu6();
    }
}
