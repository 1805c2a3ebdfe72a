package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Shrinkage;

/// x moved by lambda towards zero, which it does not pass.
public final class Softshrink extends Module {
    private final double lambda;

    /// With lambda 0.5.
    public Softshrink() {
        this(0.5);
    }

    /// @param lambda the distance, not negative
    public Softshrink(double lambda) {
        this.lambda = lambda;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Shrinkage.softshrink(x, lambda);
    }

    @Override
    protected String settings() {
        return "lambda=" + lambda;
    }
}
