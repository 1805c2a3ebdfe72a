package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;

/// log(1 + e^(-target input)) for targets 1 and -1.
public final class SoftMarginLoss extends Loss {
    /// With the mean of all elements.
    public SoftMarginLoss() {
        this(Reduction.MEAN);
    }

    /// With the given reduction.
    public SoftMarginLoss(Reduction reduction) {
        super(reduction);
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return Losses.softMargin(input, target, reduction());
    }
}
