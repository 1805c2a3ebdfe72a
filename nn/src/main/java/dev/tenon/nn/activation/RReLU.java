package dev.tenon.nn.activation;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Shrinkage;

/// x where positive, elsewhere x times a slope, which in training is drawn for each element from an interval, and in
/// evaluation is the middle of it (Xu et al., 2015).
public final class RReLU extends Module {
    private final double lower;
    private final double upper;
    private final Generator generator;

    /// With slopes from 1/8 to 1/3.
    public RReLU() {
        this(1.0 / 8, 1.0 / 3);
    }

    /// With slopes from `lower` to `upper`.
    public RReLU(double lower, double upper) {
        this(lower, upper, Generator.getDefault());
    }

    /// With slopes from `lower` to `upper` and a generator of its own.
    public RReLU(double lower, double upper, Generator generator) {
        this.lower = lower;
        this.upper = upper;
        this.generator = generator;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Shrinkage.rrelu(x, lower, upper, isTraining(), generator);
    }

    @Override
    protected String settings() {
        return "lower=" + lower + ", upper=" + upper;
    }
}
