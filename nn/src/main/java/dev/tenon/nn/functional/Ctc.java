package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.Arrays;

/// Connectionist temporal classification (Graves et al., 2006): labels for sequences whose alignment is not known.
public final class Ctc {
    /// Stands for the logarithm of zero, so that no difference of two of them is NaN.
    private static final double NOTHING = -1e30;

    private Ctc() {}

    /// The negative logarithm of the probability that a sequence of distributions spells the target, summed over all
    /// alignments: each label once or more in a row, blanks between.
    ///
    /// @param logProbabilities `[time, n, classes]` or `[time, classes]`
    /// @param targets class numbers, `[n, length]`, or all one after the other as a vector
    /// @param inputLengths how many steps of each sequence count, `[n]`
    /// @param targetLengths how many labels of each target count, `[n]`
    /// @param blank the class number of the blank
    /// @param reduction for `MEAN` each loss is first divided by its target's length
    /// @param zeroInfinity whether impossible targets count as zero instead of infinity
    /// @throws TensorException if shapes do not fit
    public static Tensor loss(Tensor logProbabilities, Tensor targets, Tensor inputLengths, Tensor targetLengths,
            int blank, Reduction reduction, boolean zeroInfinity) {
        boolean batch = logProbabilities.rank() == 3;
        DType work = logProbabilities.dtype().kind().dtype();
        Tensor logp = (batch ? logProbabilities : logProbabilities.unsqueeze(1)).to(work);
        long[] steps = inputLengths.toLongArray();
        long[] lengths = targetLengths.toLongArray();
        int n = steps.length;
        if (!logp.dtype().isFloating() || logp.rank() != 3 || logp.size(1) != n || lengths.length != n) {
            throw new TensorException("ctc_loss: input " + logProbabilities.type() + ", " + n + " input lengths, "
                    + lengths.length + " target lengths: expected floating-point [time, n, classes] and n of both");
        }
        if (blank < 0 || blank >= logp.size(2)) {
            throw new TensorException("ctc_loss: blank " + blank + ": expected a class, 0 to " + (logp.size(2) - 1));
        }
        checkLengths(logp.size(0), steps, targets, lengths);
        int longest = 0;
        long all = 0;
        for (int i = 0; i < n; i++) {
            if (steps[i] < 0 || steps[i] > logp.size(0) || lengths[i] < 0) {
                throw new TensorException("ctc_loss: sequence " + i + " of " + steps[i] + " steps and " + lengths[i]
                        + " labels: expected 0 to " + logp.size(0) + " steps and no negative number of labels");
            }
            longest = (int) Math.max(longest, lengths[i]);
            all += lengths[i];
        }
        boolean joined = targets.rank() == 1 && n != 1;
        if (joined ? all != targets.elements() : longest * (long) n > targets.elements()) {
            throw new TensorException("ctc_loss: targets " + targets.shape() + " for labels in number "
                    + Arrays.toString(lengths) + ": expected [n, length] or as many labels in a row");
        }
        Labels labels = new Labels(targets, lengths, longest, blank);
        Tensor alpha = forward(logp, labels, steps);
        Tensor end = Tensors.of(labels.last).to(logp.device()).unsqueeze(1);
        Tensor beforeEnd = Tensors.of(labels.beforeLast).to(logp.device()).unsqueeze(1);
        Tensor exists = Tensors.of(lengths).to(logp.device()).gt(0L).unsqueeze(1);
        Tensor nothing = Tensors.full(Shape.SCALAR, NOTHING, logp.dtype(), logp.device());
        Tensor total = alpha.gather(1, end).logaddexp(alpha.gather(1, beforeEnd).where(exists, nothing)).squeeze(1);
        // Without a step nothing is spelled, for certain.
        Tensor started = Tensors.of(steps).to(logp.device()).gt(0L);
        Tensor unstarted = nothing.where(exists.squeeze(1), Tensors.zerosLike(total));
        total = total.where(started, unstarted);
        Tensor possible = total.gt(NOTHING / 2);
        Tensor otherwise = Tensors.fullLike(total, zeroInfinity ? 0 : Double.POSITIVE_INFINITY);
        Tensor losses = total.rsub(0).where(possible, otherwise);
        if (reduction == Reduction.MEAN) {
            Tensor divisor = Tensors.of(lengths).to(logp.device()).clampMin(1).to(losses.dtype());
            return losses.div(divisor).mean();
        }
        return reduction == Reduction.NONE && !batch ? losses.squeeze(0) : reduction.of(losses);
    }

    private static void checkLengths(long time, long[] steps, Tensor targets, long[] lengths) {
        int n = lengths.length;
        boolean joined = targets.rank() == 1 && n != 1;
        long most = joined ? targets.elements() : n == 0 ? 0 : targets.elements() / n;
        long sum = 0;
        for (int i = 0; i < n; i++) {
            sum += lengths[i];
            if (steps[i] < 0 || steps[i] > time || lengths[i] < 0 || (joined ? sum : lengths[i]) > most) {
                throw new TensorException("ctc_loss: sequence " + i + " of " + steps[i] + " steps with a target of "
                        + lengths[i] + " labels: expected at most " + time + " steps, and as many labels as the"
                        + " targets " + targets.shape() + " have");
            }
        }
    }

    /// The labels of each target with blanks before, between and behind, `[n, 2 longest + 1]`.
    private static final class Labels {
        final long[] extended;
        final boolean[] mayLeap;
        final long[] last;
        final long[] beforeLast;
        final int width;

        Labels(Tensor targets, long[] lengths, int longest, int blank) {
            int n = lengths.length;
            width = 2 * longest + 1;
            extended = new long[n * width];
            mayLeap = new boolean[n * width];
            last = new long[n];
            beforeLast = new long[n];
            long[] t = targets.toLongArray();
            boolean joined = targets.rank() == 1 && n != 1;
            int at = 0;
            for (int i = 0; i < n; i++) {
                int from = joined ? at : i * (int) (targets.elements() / n);
                at += (int) lengths[i];
                for (int s = 0; s < width; s++) {
                    boolean label = s % 2 == 1 && s / 2 < lengths[i];
                    int e = i * width + s;
                    extended[e] = label ? t[from + s / 2] : blank;
                    // From label to label, over the blank between them, if they differ.
                    mayLeap[e] = label && s >= 2 && extended[e] != extended[e - 2];
                }
                last[i] = 2 * lengths[i];
                beforeLast[i] = Math.max(0, 2 * lengths[i] - 1);
            }
        }
    }

    private static Tensor forward(Tensor logp, Labels labels, long[] steps) {
        int n = steps.length;
        int width = labels.width;
        var device = logp.device();
        var shape = Shape.of(n, width);
        Tensor index = Tensors.of(labels.extended, shape, device);
        Tensor leaps = Tensors.of(labels.mayLeap).to(device).reshape(shape);
        Tensor nothing = Tensors.full(shape, NOTHING, logp.dtype(), device);
        Tensor emitted = logp.gather(2, index.unsqueeze(0).expand(logp.size(0), n, width));
        Tensor start = Tensors.arange(0, width, 1, DType.I64, device).lt(2L).expand(shape);
        Tensor alpha = emitted.select(0, 0).maximum(nothing).where(start, nothing);
        Tensor stepCounts = Tensors.of(steps).to(device).unsqueeze(1);
        for (long t = 1; t < logp.size(0); t++) {
            Tensor one = Tensors.pad(alpha, NOTHING, 1, 0).narrow(1, 0, width);
            Tensor two = Tensors.pad(alpha, NOTHING, 2, 0).narrow(1, 0, width).where(leaps, nothing);
            Tensor next = alpha.logaddexp(one).logaddexp(two).add(emitted.select(0, t)).maximum(nothing);
            alpha = next.where(stepCounts.gt(t), alpha);
        }
        return alpha;
    }
}
