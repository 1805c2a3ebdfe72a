package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;

/// The negative logarithm of Poisson probabilities with the mean e^input, or the input itself.
public final class PoissonNLLLoss extends Loss {
    private final boolean logInput;
    private final boolean full;
    private final double epsilon;

    /// The mean, with the usual settings.
    public PoissonNLLLoss() {
        this(Reduction.MEAN, true, false, 1e-8);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param logInput whether the input is the logarithm of the mean
    /// @param full whether Stirling's approximation of log(target!) is added
    /// @param epsilon added to the mean before its logarithm is taken
    public PoissonNLLLoss(Reduction reduction, boolean logInput, boolean full, double epsilon) {
        super(reduction);
        this.logInput = logInput;
        this.full = full;
        this.epsilon = epsilon;
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return Losses.poissonNll(input, target, reduction(), logInput, full, epsilon);
    }

    @Override
    protected String settings() {
        return super.settings() + ", logInput=" + logInput + ", full=" + full + ", epsilon=" + epsilon;
    }
}
