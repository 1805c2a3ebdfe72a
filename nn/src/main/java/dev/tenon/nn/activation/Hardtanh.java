package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// x limited to an interval.
public final class Hardtanh extends Module {
    private final double min;
    private final double max;

    /// Limited to [-1, 1].
    public Hardtanh() {
        this(-1, 1);
    }

    /// Limited to [min, max].
    public Hardtanh(double min, double max) {
        this.min = min;
        this.max = max;
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.clamp(min, max);
    }

    @Override
    protected String settings() {
        return "min=" + min + ", max=" + max;
    }
}
