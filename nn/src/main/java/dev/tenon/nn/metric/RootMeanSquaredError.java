package dev.tenon.nn.metric;

/// The square root of the mean of the squared differences. Outputs and targets have as many elements.
public final class RootMeanSquaredError extends ErrorMetric {
    /// Named `rmse`.
    public RootMeanSquaredError() {
        super("rmse", d -> d.mul(d), Math::sqrt);
    }
}
