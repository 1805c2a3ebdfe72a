package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Buffer;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;
import org.jspecify.annotations.Nullable;

/// Binary cross-entropy of the sigmoid of the input, without overflow.
public final class BCEWithLogitsLoss extends Loss {
    private final @Nullable Buffer weight;
    private final @Nullable Buffer positiveWeight;

    /// With the mean of all elements.
    public BCEWithLogitsLoss() {
        this(Reduction.MEAN, null, null);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param weight a factor that broadcasts to the input, or null
    /// @param positiveWeight a factor on the part of positive examples that broadcasts to the input, or null
    public BCEWithLogitsLoss(Reduction reduction, @Nullable Tensor weight, @Nullable Tensor positiveWeight) {
        super(reduction);
        this.weight = weight == null ? null : registerBuffer("weight", weight);
        this.positiveWeight = positiveWeight == null ? null : registerBuffer("pos_weight", positiveWeight);
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return Losses.bceWithLogits(input, target, weight == null ? null : weight.get(),
                positiveWeight == null ? null : positiveWeight.get(), reduction());
    }
}
