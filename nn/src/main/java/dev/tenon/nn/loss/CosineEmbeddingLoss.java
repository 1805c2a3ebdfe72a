package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.precision.Autocast;
import java.util.List;

/// 1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1.
public final class CosineEmbeddingLoss extends Module {
    private final Reduction reduction;
    private final double margin;

    /// The mean, with the usual settings.
    public CosineEmbeddingLoss() {
        this(Reduction.MEAN, 0);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param margin the cosine that is low enough, -1 to 1
    public CosineEmbeddingLoss(Reduction reduction, double margin) {
        this.reduction = reduction;
        this.margin = margin;
    }

    /// Runs the hooks and [#forward(Tensor, Tensor, Tensor)].
    public Tensor call(Tensor x1, Tensor x2, Tensor target) {
        List<Tensor> operands = List.of(Autocast.full(x1), Autocast.full(x2), Autocast.full(target));
        return callHooked(operands, in -> List.of(forward(in.get(0), in.get(1), in.get(2)))).getFirst();
    }

    /// Computes the loss.
    ///
    /// @param x1 `[n, width]` or `[width]`
    /// @param x2 the same
    /// @param target `[n]` or a scalar, 1 or -1
    public Tensor forward(Tensor x1, Tensor x2, Tensor target) {
        return MarginLosses.cosineEmbedding(x1, x2, target, margin, reduction);
    }

    @Override
    protected String settings() {
        return "reduction=" + reduction + ", margin=" + margin;
    }
}
