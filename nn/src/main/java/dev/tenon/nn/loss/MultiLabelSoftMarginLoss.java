package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Buffer;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Reduction;
import org.jspecify.annotations.Nullable;

/// The mean binary cross-entropy of independent labels; the input holds logits, `[..., classes]`.
public final class MultiLabelSoftMarginLoss extends Loss {
    private final @Nullable Buffer weight;

    /// The mean, every class counting the same.
    public MultiLabelSoftMarginLoss() {
        this(Reduction.MEAN, null);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param weight a factor for each class, or null
    public MultiLabelSoftMarginLoss(Reduction reduction, @Nullable Tensor weight) {
        super(reduction);
        this.weight = weight == null ? null : registerBuffer("weight", weight);
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return MarginLosses.multilabelSoftMargin(
                input, target, weight == null ? null : weight.get(), reduction());
    }
}
