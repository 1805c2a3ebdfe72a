package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Distances;
import java.util.List;

/// The p-norm of the differences of vectors along the last axis.
public final class PairwiseDistance extends Module {
    private final double p;
    private final double epsilon;
    private final boolean keepDims;

    /// The Euclidean distance, with 1e-6 added to each difference.
    public PairwiseDistance() {
        this(2, 1e-6, false);
    }

    /// @param p the exponent
    /// @param epsilon added to each difference
    /// @param keepDims whether the last axis stays with extent 1
    public PairwiseDistance(double p, double epsilon, boolean keepDims) {
        this.p = p;
        this.epsilon = epsilon;
        this.keepDims = keepDims;
    }

    /// Runs the hooks and [#forward(Tensor, Tensor)].
    public Tensor call(Tensor x1, Tensor x2) {
        return callHooked(List.of(x1, x2), in -> List.of(forward(in.get(0), in.get(1)))).getFirst();
    }

    /// The distances; both broadcast.
    public Tensor forward(Tensor x1, Tensor x2) {
        return Distances.pairwiseDistance(x1, x2, p, epsilon, keepDims);
    }

    @Override
    protected String settings() {
        return "p=" + p + ", eps=" + epsilon + (keepDims ? ", keepDims=true" : "");
    }
}
