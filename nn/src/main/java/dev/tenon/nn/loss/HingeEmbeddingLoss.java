package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Reduction;

/// The input (a distance) where the target is 1, max(0, margin - input) where it is -1.
public final class HingeEmbeddingLoss extends Loss {
    private final double margin;

    /// The mean, with the usual settings.
    public HingeEmbeddingLoss() {
        this(Reduction.MEAN, 1);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param margin the distance that is enough
    public HingeEmbeddingLoss(Reduction reduction, double margin) {
        super(reduction);
        this.margin = margin;
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return MarginLosses.hingeEmbedding(input, target, margin, reduction());
    }

    @Override
    protected String settings() {
        return super.settings() + ", margin=" + margin;
    }
}
