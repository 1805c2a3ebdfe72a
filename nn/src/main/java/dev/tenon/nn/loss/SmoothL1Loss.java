package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;

/// A parabola for small differences, their magnitude for large ones (Girshick, 2015).
public final class SmoothL1Loss extends Loss {
    private final double beta;

    /// With the mean of all elements and beta 1.
    public SmoothL1Loss() {
        this(Reduction.MEAN, 1);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param beta where the parabola ends
    public SmoothL1Loss(Reduction reduction, double beta) {
        super(reduction);
        this.beta = beta;
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return Losses.smoothL1(input, target, reduction(), beta);
    }

    @Override
    protected String settings() {
        return super.settings() + ", beta=" + beta;
    }
}
