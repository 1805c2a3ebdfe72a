package dev.tenon.nn.metric;

/// The mean of the squared differences. Outputs and targets have as many elements.
public final class MeanSquaredError extends ErrorMetric {
    /// Named `mse`.
    public MeanSquaredError() {
        super("mse", d -> d.mul(d), m -> m);
    }
}
