package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Ctc;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.precision.Autocast;
import java.util.List;

/// Connectionist temporal classification: the negative logarithm of the probability that a sequence of distributions
/// spells the target, over all alignments (Graves et al., 2006).
public final class CTCLoss extends Module {
    private final Reduction reduction;
    private final int blank;
    private final boolean zeroInfinity;

    /// The mean, with the usual settings.
    public CTCLoss() {
        this(Reduction.MEAN, 0, false);
    }

    /// @param reduction what becomes of the losses of the elements
    /// @param blank the class number of the blank
    /// @param zeroInfinity whether impossible targets count as zero instead of infinity
    public CTCLoss(Reduction reduction, int blank, boolean zeroInfinity) {
        this.reduction = reduction;
        this.blank = blank;
        this.zeroInfinity = zeroInfinity;
    }

    /// Runs the hooks and [#forward(Tensor, Tensor, Tensor, Tensor)].
    public Tensor call(Tensor logProbabilities, Tensor targets, Tensor inputLengths, Tensor targetLengths) {
        List<Tensor> operands = List.of(Autocast.full(logProbabilities), targets, inputLengths, targetLengths);
        return callHooked(operands, in -> List.of(forward(in.get(0), in.get(1), in.get(2), in.get(3)))).getFirst();
    }

    /// Computes the loss.
    ///
    /// @param logProbabilities `[time, n, classes]` or `[time, classes]`
    /// @param targets class numbers, `[n, length]`, or all one after the other as a vector
    /// @param inputLengths how many steps of each sequence count, `[n]`
    /// @param targetLengths how many labels of each target count, `[n]`
    public Tensor forward(Tensor logProbabilities, Tensor targets, Tensor inputLengths, Tensor targetLengths) {
        return Ctc.loss(logProbabilities, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity);
    }

    @Override
    protected String settings() {
        return "reduction=" + reduction + ", blank=" + blank + ", zeroInfinity=" + zeroInfinity;
    }
}
