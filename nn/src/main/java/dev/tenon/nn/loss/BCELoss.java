package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Buffer;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;
import org.jspecify.annotations.Nullable;

/// Binary cross-entropy of probabilities. [BCEWithLogitsLoss] is more exact.
public final class BCELoss extends Loss {
    private final @Nullable Buffer weight;

    /// With the mean of all elements.
    public BCELoss() {
        this(Reduction.MEAN, null);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param weight a factor that broadcasts to the input, or null
    public BCELoss(Reduction reduction, @Nullable Tensor weight) {
        super(reduction);
        this.weight = weight == null ? null : registerBuffer("weight", weight);
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return Losses.bce(input, target, weight == null ? null : weight.get(), reduction());
    }
}
