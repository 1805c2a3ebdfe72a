package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.precision.Autocast;
import java.util.List;

/// max(0, -target (x1 - x2) + margin) for targets 1 (x1 should rank higher) and -1.
public final class MarginRankingLoss extends Module {
    private final Reduction reduction;
    private final double margin;

    /// The mean, with the usual settings.
    public MarginRankingLoss() {
        this(Reduction.MEAN, 0);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param margin by how much one should be ahead
    public MarginRankingLoss(Reduction reduction, double margin) {
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
    /// @param x1 one side
    /// @param x2 the other side
    /// @param target 1 or -1
    public Tensor forward(Tensor x1, Tensor x2, Tensor target) {
        return Losses.marginRanking(x1, x2, target, margin, reduction);
    }

    @Override
    protected String settings() {
        return "reduction=" + reduction + ", margin=" + margin;
    }
}
