package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.precision.Autocast;
import java.util.List;

/// max(0, d(anchor, positive) - d(anchor, negative) + margin) with the p-norm of the difference as distance d
/// (Schroff et al., 2015).
public final class TripletMarginLoss extends Module {
    private final Reduction reduction;
    private final double margin;
    private final double p;
    private final double epsilon;
    private final boolean swap;

    /// The mean, with the usual settings.
    public TripletMarginLoss() {
        this(Reduction.MEAN, 1, 2, 1e-6, false);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param margin by how much the negative should be farther
    /// @param p which norm
    /// @param epsilon added to each difference
    /// @param swap whether the negative's distance to the positive counts where it is the smaller one
    public TripletMarginLoss(Reduction reduction, double margin, double p, double epsilon, boolean swap) {
        this.reduction = reduction;
        this.margin = margin;
        this.p = p;
        this.epsilon = epsilon;
        this.swap = swap;
    }

    /// Runs the hooks and [#forward(Tensor, Tensor, Tensor)].
    public Tensor call(Tensor anchor, Tensor positive, Tensor negative) {
        List<Tensor> operands = List.of(Autocast.full(anchor), Autocast.full(positive), Autocast.full(negative));
        return callHooked(operands, in -> List.of(forward(in.get(0), in.get(1), in.get(2)))).getFirst();
    }

    /// Computes the loss.
    ///
    /// @param anchor `[n, width]` or `[width]`
    /// @param positive of the same shape: what should be near
    /// @param negative of the same shape: what should be far
    public Tensor forward(Tensor anchor, Tensor positive, Tensor negative) {
        return MarginLosses.tripletMargin(anchor, positive, negative, margin, p, epsilon, swap, reduction);
    }

    @Override
    protected String settings() {
        return "reduction=" + reduction + ", margin=" + margin + ", p=" + p + ", epsilon=" + epsilon + ", swap=" + swap;
    }
}
