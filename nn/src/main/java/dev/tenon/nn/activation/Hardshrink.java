package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Shrinkage;

/// Zero within [-lambda, lambda], elsewhere x.
public final class Hardshrink extends Module {
    private final double lambda;

    /// With lambda 0.5.
    public Hardshrink() {
        this(0.5);
    }

    /// @param lambda the limit
    public Hardshrink(double lambda) {
        this.lambda = lambda;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Shrinkage.hardshrink(x, lambda);
    }

    @Override
    protected String settings() {
        return "lambda=" + lambda;
    }
}
