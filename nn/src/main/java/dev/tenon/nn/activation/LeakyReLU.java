package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// x where positive, elsewhere a small multiple of x.
public final class LeakyReLU extends Module {
    private final double negativeSlope;

    /// With negativeSlope 0.01.
    public LeakyReLU() {
        this(0.01);
    }

    /// @param negativeSlope the multiple
    public LeakyReLU(double negativeSlope) {
        this.negativeSlope = negativeSlope;
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.leakyRelu(negativeSlope);
    }

    @Override
    protected String settings() {
        return "negativeSlope=" + negativeSlope;
    }
}
