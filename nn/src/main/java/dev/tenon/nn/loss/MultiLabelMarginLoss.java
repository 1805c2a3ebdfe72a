package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Reduction;

/// The hinge loss of all pairs of a class that is listed in the target and one that is not; class numbers before the
/// first -1 count.
public final class MultiLabelMarginLoss extends Loss {
    /// The mean, with the usual settings.
    public MultiLabelMarginLoss() {
        this(Reduction.MEAN);
    }

    /// With the given reduction.
    public MultiLabelMarginLoss(Reduction reduction) {
        super(reduction);
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return MarginLosses.multilabelMargin(input, target, reduction());
    }
}
