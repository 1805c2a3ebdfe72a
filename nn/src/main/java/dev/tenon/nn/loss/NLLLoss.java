package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Buffer;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.Reduction;
import org.jspecify.annotations.Nullable;

/// The negative log-likelihood of class numbers; the input, `[n, classes, ...]`, holds logarithms of probabilities.
public final class NLLLoss extends Loss {
    private final @Nullable Buffer weight;
    private final long ignoreIndex;

    /// The mean, every class counting the same.
    public NLLLoss() {
        this(Reduction.MEAN, null, ClassLosses.IGNORE);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param weight a factor for each class, or null
    /// @param ignoreIndex the class number that does not count
    public NLLLoss(Reduction reduction, @Nullable Tensor weight, long ignoreIndex) {
        super(reduction);
        this.weight = weight == null ? null : registerBuffer("weight", weight);
        this.ignoreIndex = ignoreIndex;
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return ClassLosses.nll(input, target, weight == null ? null : weight.get(), reduction(), ignoreIndex);
    }
}
