package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Distances;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.precision.Autocast;
import java.util.List;
import java.util.function.BinaryOperator;

/// [TripletMarginLoss] with any distance.
public final class TripletMarginWithDistanceLoss extends Module {
    private final Reduction reduction;
    private final BinaryOperator<Tensor> distance;
    private final double margin;
    private final boolean swap;

    /// The mean, with the usual settings.
    public TripletMarginWithDistanceLoss() {
        this(Reduction.MEAN, (x, y) -> Distances.pairwiseDistance(x, y, 2, 1e-6, false), 1, false);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param distance the distance of two tensors
    /// @param margin by how much the negative should be farther
    /// @param swap whether the negative's distance to the positive counts where it is the smaller one
    public TripletMarginWithDistanceLoss(
            Reduction reduction, BinaryOperator<Tensor> distance, double margin, boolean swap) {
        this.reduction = reduction;
        this.distance = distance;
        this.margin = margin;
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
        return MarginLosses.tripletMargin(anchor, positive, negative, distance, margin, swap, reduction);
    }

    @Override
    protected String settings() {
        return "reduction=" + reduction + ", margin=" + margin + ", swap=" + swap;
    }
}
