package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Buffer;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.Reduction;
import org.jspecify.annotations.Nullable;

/// The cross-entropy between the softmax of the input, `[n, classes, ...]`, and class numbers or probabilities.
public final class CrossEntropyLoss extends Loss {
    private final @Nullable Buffer weight;
    private final long ignoreIndex;
    private final double labelSmoothing;

    /// The mean, every class counting the same.
    public CrossEntropyLoss() {
        this(Reduction.MEAN, null, ClassLosses.IGNORE, 0);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param weight a factor for each class, or null
    /// @param ignoreIndex the class number that does not count
    /// @param labelSmoothing how much of the target is spread evenly over all classes, 0 to 1
    public CrossEntropyLoss(Reduction reduction, @Nullable Tensor weight, long ignoreIndex, double labelSmoothing) {
        super(reduction);
        this.weight = weight == null ? null : registerBuffer("weight", weight);
        this.ignoreIndex = ignoreIndex;
        this.labelSmoothing = labelSmoothing;
    }

    @Override
    public Tensor forward(Tensor input, Tensor target) {
        return ClassLosses.crossEntropy(input, target, weight == null ? null : weight.get(), reduction(), ignoreIndex,
                labelSmoothing);
    }

    @Override
    protected String settings() {
        return super.settings() + (labelSmoothing == 0 ? "" : ", labelSmoothing=" + labelSmoothing);
    }
}
