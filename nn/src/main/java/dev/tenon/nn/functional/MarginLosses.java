package dev.tenon.nn.functional;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/// Losses that push values or distances apart by a margin, and likelihoods with a variance.
public final class MarginLosses {
    private MarginLosses() {}

    private static Tensor zero(Tensor x) {
        return Tensors.zerosLike(x);
    }

    /// The input where the target is 1, max(0, margin - input) where it is -1.
    public static Tensor hingeEmbedding(Tensor input, Tensor target, double margin, Reduction reduction) {
        Tensor apart = input.rsub(margin).clampMin(0);
        Tensor far = apart.where(target.ne(1L), zero(apart));
        Tensor near = input.where(target.ne(-1L), zero(input));
        return reduction.of(far.add(near));
    }

    /// The mean over the other classes of max(0, margin - x[target] + x[class])^p, times the target's weight.
    ///
    /// @param input `[n, classes]` or `[classes]`
    /// @param target class numbers, `[n]` or a scalar
    /// @param weight a factor for each class, or null
    public static Tensor multiMargin(
            Tensor input, Tensor target, int p, double margin, @Nullable Tensor weight, Reduction reduction) {
        if (p != 1 && p != 2) {
            throw new TensorException("multi_margin_loss: p " + p + ": expected 1 or 2");
        }
        boolean batch = input.rank() == 2;
        Tensor x = batch ? input : input.reshape(1, -1);
        Tensor t = target.reshape(-1, 1).to(DType.I64);
        Tensor gap = x.sub(x.gather(1, t)).add(margin).clampMin(0);
        gap = p == 2 ? gap.square() : gap;
        gap = weight == null ? gap : gap.mul(weight.indexSelect(0, t.reshape(-1)).unsqueeze(1));
        Tensor classes = Tensors.arange(0, x.size(1), 1, DType.I64, x.device());
        Tensor others = gap.where(t.ne(classes), zero(gap));
        Tensor losses = others.sum(1).div((double) x.size(1));
        return reduction.of(batch ? losses : losses.squeeze(0));
    }

    /// The mean over classes of max(0, 1 - (x[target] - x[other])) over all pairs of a target and another class.
    ///
    /// @param target class numbers, of the input's shape: those before the first -1 count
    public static Tensor multilabelMargin(Tensor input, Tensor target, Reduction reduction) {
        boolean batch = input.rank() == 2;
        Tensor x = batch ? input : input.reshape(1, -1);
        Tensor t = target.reshape(x.shape()).to(DType.I64);
        Tensor listed = t.ge(0L).to(DType.I64).cumprod(1).to(DType.BOOL);
        Tensor safe = t.where(listed, zero(t));
        Tensor isTarget = zero(x).scatterAdd(1, safe, listed.to(x.dtype())).ne(0L);
        Tensor gap = x.gather(1, safe).unsqueeze(2).sub(x.unsqueeze(1)).rsub(1).clampMin(0);
        Tensor counts = listed.unsqueeze(2).logicalAnd(isTarget.logicalNot().unsqueeze(1));
        Tensor losses = gap.where(counts, zero(gap)).sum(new int[] {1, 2}, false).div((double) x.size(1));
        return reduction.of(batch ? losses : losses.squeeze(0));
    }

    /// The mean over classes of the binary cross-entropy of independent labels.
    ///
    /// @param input logits, `[..., classes]`
    /// @param target labels 0 and 1
    /// @param weight a factor for each class, or null
    public static Tensor multilabelSoftMargin(
            Tensor input, Tensor target, @Nullable Tensor weight, Reduction reduction) {
        Tensor losses = target.mul(input.logSigmoid()).add(target.rsub(1).mul(input.neg().logSigmoid())).neg();
        losses = weight == null ? losses : losses.mul(weight);
        return reduction.of(losses.mean(-1));
    }

    /// max(0, d(anchor, positive) - d(anchor, negative) + margin) with the distance d of [Distances#pairwiseDistance].
    ///
    /// @param swap whether the negative's distance to the positive counts where it is the smaller one
    public static Tensor tripletMargin(Tensor anchor, Tensor positive, Tensor negative, double margin, double p,
            double epsilon, boolean swap, Reduction reduction) {
        return tripletMargin(anchor, positive, negative, (x, y) -> Distances.pairwiseDistance(x, y, p, epsilon, false),
                margin, swap, reduction);
    }

    /// max(0, d(anchor, positive) - d(anchor, negative) + margin) with any distance d.
    ///
    /// @param swap whether the negative's distance to the positive counts where it is the smaller one
    public static Tensor tripletMargin(Tensor anchor, Tensor positive, Tensor negative, BinaryOperator<Tensor> distance,
            double margin, boolean swap, Reduction reduction) {
        Tensor near = distance.apply(anchor, positive);
        Tensor far = distance.apply(anchor, negative);
        if (swap) {
            far = far.minimum(distance.apply(positive, negative));
        }
        return reduction.of(near.sub(far).add(margin).clampMin(0));
    }

    /// 1 - cos(x, y) where the target is 1, max(0, cos(x, y) - margin) where it is -1.
    ///
    /// @param x `[n, width]` or `[width]`
    /// @param target `[n]` or a scalar
    public static Tensor cosineEmbedding(Tensor x, Tensor y, Tensor target, double margin, Reduction reduction) {
        int axis = target.rank();
        Tensor lengths = x.mul(x).sum(axis).add(1e-12).mul(y.mul(y).sum(axis).add(1e-12)).sqrt();
        Tensor cosine = x.mul(y).sum(axis).div(lengths);
        Tensor near = cosine.rsub(1);
        Tensor far = cosine.sub(margin).clampMin(0);
        Tensor losses = near.where(target.eq(1L), zero(near)).add(far.where(target.eq(-1L), zero(far)));
        return reduction.of(losses);
    }

    /// (log(var) + (input - target)² / var) / 2: the negative logarithm of normal densities.
    ///
    /// @param var the variances, at least epsilon; they broadcast to the input, or lack its last axis
    /// @param full whether the constant log(2 pi) / 2 is added
    public static Tensor gaussianNll(
            Tensor input, Tensor target, Tensor var, boolean full, double epsilon, Reduction reduction) {
        boolean lacks = var.rank() == input.rank() - 1 && var.rank() > 0
                && var.shape().equals(input.shape().without(input.rank() - 1));
        Tensor v = lacks ? var.unsqueeze(-1) : var;
        if (v.elements() > 0 && !Context.isRecording() && v.detach().min().item() < 0) {
            throw new TensorException("gaussian_nll_loss: a variance is negative");
        }
        // The limit changes the value, not the gradient.
        Tensor lift = Context.noGrad(() -> v.clampMin(epsilon).sub(v));
        Tensor variance = v.add(lift);
        Tensor losses = variance.log().add(input.sub(target).square().div(variance)).mul(0.5);
        return reduction.of(full ? losses.add(0.5 * Math.log(2 * Math.PI)) : losses);
    }

    /// Stirling's approximation of log(target!), zero for targets up to 1: what [Losses#poissonNll] leaves out.
    public static Tensor stirling(Tensor target) {
        Tensor t = target.dtype().isFloating() ? target : target.to(DType.F32);
        Tensor term = t.mul(t.log()).sub(t).add(t.mul(2 * Math.PI).log().mul(0.5));
        return term.where(t.gt(1L), zero(term));
    }
}
