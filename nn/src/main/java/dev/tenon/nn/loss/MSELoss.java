package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;

/// (input - target)².
public final class MSELoss extends Loss {
    /// With the mean of all elements.
    public MSELoss() {
        this(Reduction.MEAN);
    }

    /// With the given reduction.
    public MSELoss(Reduction reduction) {
        super(reduction);
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return Losses.mse(input, target, reduction());
    }
}
