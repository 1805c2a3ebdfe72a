package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// x where positive, elsewhere alpha (e^x - 1) (Clevert et al., 2016).
public final class ELU extends Module {
    private final double alpha;

    /// With alpha 1.0.
    public ELU() {
        this(1.0);
    }

    /// @param alpha the limit, negated, at minus infinity
    public ELU(double alpha) {
        this.alpha = alpha;
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.elu(alpha);
    }

    @Override
    protected String settings() {
        return "alpha=" + alpha;
    }
}
