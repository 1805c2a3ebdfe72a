package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;

/// A parabola for small differences, a straight line for large ones (Huber, 1964).
public final class HuberLoss extends Loss {
    private final double delta;

    /// With the mean of all elements and delta 1.
    public HuberLoss() {
        this(Reduction.MEAN, 1);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param delta where the parabola ends
    public HuberLoss(Reduction reduction, double delta) {
        super(reduction);
        this.delta = delta;
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return Losses.huber(input, target, reduction(), delta);
    }

    @Override
    protected String settings() {
        return super.settings() + ", delta=" + delta;
    }
}
