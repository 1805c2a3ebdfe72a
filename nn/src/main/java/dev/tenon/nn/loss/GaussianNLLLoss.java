package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.precision.Autocast;
import java.util.List;

/// The negative logarithm of normal densities whose variance is given with their mean.
public final class GaussianNLLLoss extends Module {
    private final Reduction reduction;
    private final boolean full;
    private final double epsilon;

    /// The mean, with the usual settings.
    public GaussianNLLLoss() {
        this(Reduction.MEAN, false, 1e-6);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param full whether the constant log(2 pi) / 2 is added
    /// @param epsilon what variances count as at least
    public GaussianNLLLoss(Reduction reduction, boolean full, double epsilon) {
        this.reduction = reduction;
        this.full = full;
        this.epsilon = epsilon;
    }

    /// Runs the hooks and [#forward(Tensor, Tensor, Tensor)].
    public Tensor call(Tensor input, Tensor target, Tensor var) {
        List<Tensor> operands = List.of(Autocast.full(input), Autocast.full(target), Autocast.full(var));
        return callHooked(operands, in -> List.of(forward(in.get(0), in.get(1), in.get(2)))).getFirst();
    }

    /// Computes the loss.
    ///
    /// @param input the means
    /// @param target the observations
    /// @param var the variances; they broadcast to the input, or lack its last axis
    public Tensor forward(Tensor input, Tensor target, Tensor var) {
        return MarginLosses.gaussianNll(input, target, var, full, epsilon, reduction);
    }

    @Override
    protected String settings() {
        return "reduction=" + reduction + ", full=" + full + ", epsilon=" + epsilon;
    }
}
