package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;

/// target (log(target) - input); the input holds logarithms of probabilities.
public final class KLDivLoss extends Loss {
    private final boolean logTarget;

    /// With the mean of all elements and logTarget false.
    public KLDivLoss() {
        this(Reduction.MEAN, false);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param logTarget whether the target holds logarithms too
    public KLDivLoss(Reduction reduction, boolean logTarget) {
        super(reduction);
        this.logTarget = logTarget;
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return Losses.klDiv(input, target, reduction(), logTarget);
    }

    @Override
    protected String settings() {
        return super.settings() + ", logTarget=" + logTarget;
    }
}
