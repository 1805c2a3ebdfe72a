package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import org.jspecify.annotations.Nullable;

/// Losses of classifiers. Inputs are `[n, classes, ...]` or `[classes]`; targets are class numbers of the same shape
/// without the axis of the classes.
public final class ClassLosses {
    /// The class number that does not count, if no other is given.
    public static final long IGNORE = -100;

    private ClassLosses() {}

    /// The mean cross-entropy of class numbers.
    public static Tensor crossEntropy(Tensor logits, Tensor target) {
        return crossEntropy(logits, target, null, Reduction.MEAN, IGNORE, 0);
    }

    /// The cross-entropy of class numbers.
    public static Tensor crossEntropy(Tensor logits, Tensor target, Reduction reduction) {
        return crossEntropy(logits, target, null, reduction, IGNORE, 0);
    }

    /// The cross-entropy between the softmax of the logits and a target: class numbers, or probabilities of the
    /// logits' shape.
    ///
    /// For class numbers each loss is weighted by its class; the mean divides by the sum of these weights. For
    /// probabilities it divides by the number of distributions.
    ///
    /// @param logits `[n, classes, ...]` or `[classes]`
    /// @param target class numbers (integers) or probabilities (floating-point)
    /// @param weight a factor for each class, `[classes]`, or null
    /// @param ignoreIndex the class number that does not count; not used with probabilities
    /// @param labelSmoothing how much of the target is spread evenly over all classes, 0 to 1 (Szegedy et al., 2016)
    /// @throws TensorException if shapes, dtypes or numbers do not fit
    public static Tensor crossEntropy(Tensor logits, Tensor target, @Nullable Tensor weight, Reduction reduction,
            long ignoreIndex, double labelSmoothing) {
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
            throw new TensorException("cross_entropy: label smoothing " + labelSmoothing + ": expected 0 to 1");
        }
        int axis = classAxis("cross_entropy", logits, weight);
        Tensor logp = logits.logSoftmax(axis);
        if (target.dtype().isFloating()) {
            return ofProbabilities(logp, axis, target, weight, reduction, labelSmoothing);
        }
        if (labelSmoothing == 0) {
            return negativeLogLikelihood("cross_entropy", logp, axis, target, weight, reduction, ignoreIndex);
        }
        Picked p = pick("cross_entropy", logp, axis, target, weight, ignoreIndex);
        Tensor everyClass = weight == null ? logp : logp.mul(alongClasses(weight, logp, axis));
        double classes = logp.size(axis);
        Tensor smooth = everyClass.sum(axis).neg().mul(p.counts);
        Tensor losses = p.losses.mul(1 - labelSmoothing).add(smooth.mul(labelSmoothing / classes));
        return reduction == Reduction.MEAN ? losses.sum().div(p.weights.sum()) : reduction.of(losses);
    }

    /// -weight[target] input[target]: the negative log-likelihood.
    ///
    /// @param logProbabilities `[n, classes, ...]` or `[classes]`
    /// @param target class numbers
    /// @param weight a factor for each class, `[classes]`, or null; the mean divides by the sum of the factors used
    /// @param ignoreIndex the class number that does not count
    /// @throws TensorException if shapes or dtypes do not fit
    public static Tensor nll(Tensor logProbabilities, Tensor target, @Nullable Tensor weight, Reduction reduction,
            long ignoreIndex) {
        int axis = classAxis("nll_loss", logProbabilities, weight);
        return negativeLogLikelihood("nll_loss", logProbabilities, axis, target, weight, reduction, ignoreIndex);
    }

    /// The mean negative log-likelihood.
    public static Tensor nll(Tensor logProbabilities, Tensor target) {
        return nll(logProbabilities, target, null, Reduction.MEAN, IGNORE);
    }

    private static Tensor negativeLogLikelihood(String op, Tensor logp, int axis, Tensor target,
            @Nullable Tensor weight, Reduction reduction, long ignoreIndex) {
        Picked p = pick(op, logp, axis, target, weight, ignoreIndex);
        return reduction == Reduction.MEAN ? p.losses.sum().div(p.weights.sum()) : reduction.of(p.losses);
    }

    /// @param losses the weighted losses, 0 where the target does not count
    /// @param weights the weight of each, 0 where the target does not count
    /// @param counts 1, or 0 where the target does not count
    private record Picked(Tensor losses, Tensor weights, Tensor counts) {}

    private static Picked pick(
            String op, Tensor logp, int axis, Tensor target, @Nullable Tensor weight, long ignoreIndex) {
        if (!target.shape().equals(logp.shape().without(axis)) || !target.dtype().isIntegral()) {
            throw new TensorException(op + ": input " + logp.type() + ", target " + target.type()
                    + ": expected class numbers (integers) of shape " + logp.shape().without(axis));
        }
        DType work = logp.dtype();
        Tensor number = target.dtype() == DType.I32 ? target : target.to(DType.I64);
        Tensor valid = number.ne(ignoreIndex);
        Tensor counts = valid.to(work);
        // What does not count may lie outside of the classes: read class 0 there.
        Tensor safe = number.mul(valid.to(number.dtype()));
        Tensor picked = logp.gather(axis, safe.unsqueeze(axis)).squeeze(axis);
        Tensor weights = weight == null ? counts
                : weight.to(work).indexSelect(0, safe.reshape(-1)).reshape(target.shape()).mul(counts);
        // Not a product with 0: an ignored -inf would become NaN.
        Tensor losses = picked.mul(weights).neg().maskedFill(valid.logicalNot(), 0);
        return new Picked(losses, weights, counts);
    }

    private static Tensor ofProbabilities(Tensor logp, int axis, Tensor target, @Nullable Tensor weight,
            Reduction reduction, double labelSmoothing) {
        if (!target.shape().equals(logp.shape())) {
            throw new TensorException("cross_entropy: input " + logp.shape() + ", target " + target.type()
                    + ": expected probabilities of the input's shape, or class numbers (integers) of shape "
                    + logp.shape().without(axis));
        }
        Tensor y = labelSmoothing == 0 ? target
                : target.mul(1 - labelSmoothing).add(labelSmoothing / logp.size(axis));
        Tensor terms = logp.mul(y);
        Tensor losses = (weight == null ? terms : terms.mul(alongClasses(weight, logp, axis))).sum(axis).neg();
        return reduction.of(losses);
    }

    private static Tensor alongClasses(Tensor weight, Tensor x, int axis) {
        Shape ones = Shape.SCALAR;
        for (int i = 0; i < x.rank() - axis; i++) {
            ones = ones.inserted(0, 1);
        }
        return weight.to(x.dtype()).reshape(ones.with(0, weight.elements()));
    }

    private static int classAxis(String op, Tensor x, @Nullable Tensor weight) {
        if (x.rank() == 0 || !x.dtype().isFloating()) {
            throw new TensorException(op + ": input " + x.type()
                    + ": expected floating-point [n, classes, ...] or [classes]");
        }
        int axis = x.rank() == 1 ? 0 : 1;
        if (weight != null && !weight.shape().equals(Shape.of(x.size(axis)))) {
            throw new TensorException(op + ": weight " + weight.shape() + " for input " + x.shape() + ": expected ["
                    + x.size(axis) + "], one number for each class");
        }
        return axis;
    }
}
