package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// x Φ(x) with the normal distribution function Φ (Hendrycks and Gimpel, 2016).
public final class GELU extends Module {
    private final boolean tanh;

    /// With tanh false.
    public GELU() {
        this(false);
    }

    /// @param tanh whether to use the approximation by a hyperbolic tangent
    public GELU(boolean tanh) {
        this.tanh = tanh;
    }

    @Override
    public Tensor forward(Tensor x) {
        return tanh ? x.geluTanh() : x.gelu();
    }

    @Override
    protected String settings() {
        return "tanh=" + tanh;
    }
}
