package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Buffer;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Reduction;
import org.jspecify.annotations.Nullable;

/// The hinge loss between the class of the target and each other one; the input is `[n, classes]`.
public final class MultiMarginLoss extends Loss {
    private final int p;
    private final double margin;
    private final @Nullable Buffer weight;

    /// The mean, every class counting the same.
    public MultiMarginLoss() {
        this(Reduction.MEAN, 1, 1, null);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param p the power of each term, 1 or 2
    /// @param margin by how much the right class should be ahead
    /// @param weight a factor for each class, or null
    public MultiMarginLoss(Reduction reduction, int p, double margin, @Nullable Tensor weight) {
        super(reduction);
        this.p = p;
        this.margin = margin;
        this.weight = weight == null ? null : registerBuffer("weight", weight);
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return MarginLosses.multiMargin(
                input, target, p, margin, weight == null ? null : weight.get(), reduction());
    }

    @Override
    protected String settings() {
        return super.settings() + ", p=" + p + ", margin=" + margin;
    }
}
