package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// The self-normalising exponential unit (Klambauer et al., 2017).
public final class SELU extends Module {
    /// The activation.
    public SELU() {}

    @Override
    public Tensor forward(Tensor x) {
        return x.selu();
    }
}
