package dev.tenon.nn.metric;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.ClassLosses;

/// The share of samples whose right class has one of the k highest scores, that is fewer than k others above it. Shapes
/// are those of [Accuracy]. A score of NaN is never right.
public final class TopKAccuracy extends Share {
    private final int k;

    /// Named `top_<k>_accuracy`.
    ///
    /// @throws IllegalArgumentException if k is below 1
    public TopKAccuracy(int k) {
        super("top_" + k + "_accuracy");
        if (k < 1) {
            throw new IllegalArgumentException("top-k accuracy: k = " + k + ": expected at least 1");
        }
        this.k = k;
    }

    @Override
    Judged judge(Tensor output, Tensor target) {
        Tensor right = Decisions.classNumbers(name(), output, target);
        Tensor counts = right.ne(ClassLosses.IGNORE);
        Tensor safe = right.mul(counts.to(DType.I64)).reshape(output.shape().without(1)).unsqueeze(1);
        // "Not at most" rather than "above": against NaN the first is true.
        Tensor above = output.le(output.gather(1, safe)).logicalNot().to(DType.I64).sum(1);
        return new Judged(above.lt(k).reshape(-1), counts);
    }
}
