package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Shrinkage;

/// x where positive, elsewhere alpha (e^(x / alpha) - 1) (Barron, 2017).
public final class CELU extends Module {
    private final double alpha;

    /// With alpha 1.0.
    public CELU() {
        this(1.0);
    }

    /// @param alpha the limit, negated, at minus infinity
    public CELU(double alpha) {
        this.alpha = alpha;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Shrinkage.celu(x, alpha);
    }

    @Override
    protected String settings() {
        return "alpha=" + alpha;
    }
}
