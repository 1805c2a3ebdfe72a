package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;

/// |input - target|.
public final class L1Loss extends Loss {
    /// With the mean of all elements.
    public L1Loss() {
        this(Reduction.MEAN);
    }

    /// With the given reduction.
    public L1Loss(Reduction reduction) {
        super(reduction);
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return Losses.l1(input, target, reduction());
    }
}
