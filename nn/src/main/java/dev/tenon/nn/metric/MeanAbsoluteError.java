package dev.tenon.nn.metric;

import dev.tenon.api.Tensor;

/// The mean of the absolute differences. Outputs and targets have as many elements.
public final class MeanAbsoluteError extends ErrorMetric {
    /// Named `mae`.
    public MeanAbsoluteError() {
        super("mae", Tensor::abs, m -> m);
    }
}
