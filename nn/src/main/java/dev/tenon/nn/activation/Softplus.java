package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// log(1 + e^(beta x)) / beta, without overflow.
public final class Softplus extends Module {
    private final double beta;

    /// With beta 1.
    public Softplus() {
        this(1);
    }

    /// @param beta how sharp the bend is
    public Softplus(double beta) {
        this.beta = beta;
    }

    @Override
    public Tensor forward(Tensor x) {
        return beta == 1 ? x.softplus() : x.mul(beta).softplus().div(beta);
    }

    @Override
    protected String settings() {
        return "beta=" + beta;
    }
}
