package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Shrinkage;

/// x where it exceeds a threshold, elsewhere a given value.
public final class Threshold extends Module {
    private final double threshold;
    private final double value;

    /// @param threshold what x must exceed
    /// @param value what stands elsewhere
    public Threshold(double threshold, double value) {
        this.threshold = threshold;
        this.value = value;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Shrinkage.threshold(x, threshold, value);
    }

    @Override
    protected String settings() {
        return "threshold=" + threshold + ", value=" + value;
    }
}
