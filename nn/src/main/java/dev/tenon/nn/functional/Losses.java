package dev.tenon.nn.functional;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.binary;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.like;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.neg;
import static dev.tenon.api.op.Exprs.select;
import static dev.tenon.api.op.Exprs.square;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.Formula;
import dev.tenon.api.Formula.Rule;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.nn.precision.Autocast;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Losses that compare element with element. Those of classes are in [ClassLosses].
///
/// Input and target have one shape (nothing is broadcast: a target `[n]` for an input `[n, 1]` is a mistake that would
/// go unnoticed).
public final class Losses {
    private static final Formula L1 =
            new Formula("l1_loss", Rule.FLOAT, a -> unary(UnaryFn.ABS, sub(a.x(0), a.x(1))));
    private static final Formula MSE = new Formula("mse_loss", Rule.FLOAT, a -> square(sub(a.x(0), a.x(1))));
    private static final Formula SMOOTH_L1 = new Formula("smooth_l1_loss", Rule.FLOAT, a -> {
        Expr d = unary(UnaryFn.ABS, sub(a.x(0), a.x(1)));
        Expr near = div(mul(square(d), 0.5), a.p(0));
        return select(binary(BinaryFn.LT, d, a.p(0)), near, sub(d, mul(a.p(0), 0.5)));
    });
    private static final Formula HUBER = new Formula("huber_loss", Rule.FLOAT, a -> {
        Expr d = unary(UnaryFn.ABS, sub(a.x(0), a.x(1)));
        return select(binary(BinaryFn.LE, d, a.p(0)), mul(square(d), 0.5), mul(a.p(0), sub(d, mul(a.p(0), 0.5))));
    });
    private static final Formula BCE = new Formula("binary_cross_entropy", Rule.FLOAT, a -> {
        Expr x = a.x(0);
        Expr y = a.x(1);
        Expr logX = floor(unary(UnaryFn.LOG, x), -100);
        Expr log1mX = floor(unary(UnaryFn.LOG1P, neg(x)), -100);
        return neg(add(mul(y, logX), mul(sub(like(y, 1), y), log1mX)));
    });
    // (1 - y) x + softplus(-x), which overflows nowhere; a weight of positive examples multiplies what y stands with.
    private static final Formula BCE_LOGITS = new Formula("bce_with_logits", Rule.FLOAT, a -> {
        Expr x = a.x(0);
        Expr y = a.x(1);
        return add(mul(sub(like(y, 1), y), x), unary(UnaryFn.SOFTPLUS, neg(x)));
    });
    private static final Formula BCE_LOGITS_WEIGHTED = new Formula("bce_with_logits", Rule.FLOAT, a -> {
        Expr x = a.x(0);
        Expr y = a.x(1);
        Expr factor = add(mul(sub(a.x(2), like(y, 1)), y), 1);
        return add(mul(sub(like(y, 1), y), x), mul(factor, unary(UnaryFn.SOFTPLUS, neg(x))));
    });
    private static final Formula KL = new Formula("kl_div", Rule.FLOAT, a -> {
        Expr y = a.x(1);
        Expr term = mul(y, sub(unary(UnaryFn.LOG, y), a.x(0)));
        return select(binary(BinaryFn.GT, y, like(y, 0)), term,
                select(binary(BinaryFn.EQ, y, like(y, 0)), like(y, 0), like(y, Double.NaN)));
    });
    private static final Formula KL_LOG = new Formula("kl_div", Rule.FLOAT,
            a -> mul(unary(UnaryFn.EXP, a.x(1)), sub(a.x(1), a.x(0))));
    private static final Formula POISSON_LOG = new Formula("poisson_nll_loss", Rule.FLOAT,
            a -> sub(unary(UnaryFn.EXP, a.x(0)), mul(a.x(1), a.x(0))));
    private static final Formula POISSON = new Formula("poisson_nll_loss", Rule.FLOAT,
            a -> sub(a.x(0), mul(a.x(1), unary(UnaryFn.LOG, add(a.x(0), a.p(0))))));
    private static final Formula SOFT_MARGIN = new Formula("soft_margin_loss", Rule.FLOAT,
            a -> unary(UnaryFn.SOFTPLUS, neg(mul(a.x(1), a.x(0)))));

    private Losses() {}

    /// At least `low`, with a derivative of 0 below.
    private static Expr floor(Expr x, double low) {
        return select(binary(BinaryFn.LT, x, like(x, low)), like(x, low), x);
    }

    private static void checkSame(String op, Tensor input, Tensor target) {
        if (!input.shape().equals(target.shape())) {
            throw new TensorException(op + ": input " + input.shape() + ", target " + target.shape()
                    + ": expected one shape; reshape or expand one of them");
        }
    }

    private static Tensor compare(String op, Formula f, Tensor input, Tensor target, Reduction r, double... params) {
        checkSame(op, input, target);
        return r.of(f.applyAll(List.of(Autocast.full(input), Autocast.full(target)), params));
    }

    /// |input - target|.
    public static Tensor l1(Tensor input, Tensor target, Reduction reduction) {
        return compare("l1_loss", L1, input, target, reduction);
    }

    /// (input - target)², the mean of all elements.
    public static Tensor mse(Tensor input, Tensor target) {
        return mse(input, target, Reduction.MEAN);
    }

    /// (input - target)².
    public static Tensor mse(Tensor input, Tensor target, Reduction reduction) {
        return compare("mse_loss", MSE, input, target, reduction);
    }

    /// With d = |input - target|: d² / (2 beta) where d < beta, elsewhere d - beta / 2 (Girshick, 2015).
    ///
    /// @param beta where the parabola ends, at least 0; 0 gives [#l1]
    public static Tensor smoothL1(Tensor input, Tensor target, Reduction reduction, double beta) {
        if (!(beta >= 0)) {
            throw new TensorException("smooth_l1_loss: beta " + beta + ": expected at least 0");
        }
        return beta == 0 ? l1(input, target, reduction)
                : compare("smooth_l1_loss", SMOOTH_L1, input, target, reduction, beta);
    }

    /// With d = |input - target|: d² / 2 where d ≤ delta, elsewhere delta (d - delta / 2) (Huber, 1964).
    ///
    /// @param delta where the parabola ends, above 0
    public static Tensor huber(Tensor input, Tensor target, Reduction reduction, double delta) {
        if (!(delta > 0)) {
            throw new TensorException("huber_loss: delta " + delta + ": expected above 0");
        }
        return compare("huber_loss", HUBER, input, target, reduction, delta);
    }

    /// -weight (target log(input) + (1 - target) log(1 - input)) for probabilities; logarithms are at least -100.
    ///
    /// @param input probabilities, from 0 to 1
    /// @param target probabilities of the same shape
    /// @param weight a factor that broadcasts to the input, or null
    public static Tensor bce(Tensor input, Tensor target, @Nullable Tensor weight, Reduction reduction) {
        checkSame("binary_cross_entropy", input, target);
        return weighted(BCE.apply(Autocast.full(input), Autocast.full(target)), weight, reduction);
    }

    /// [#bce] of the sigmoid of the input, computed without overflow.
    ///
    /// @param input any numbers
    /// @param target probabilities of the same shape
    /// @param weight a factor that broadcasts to the input, or null
    /// @param positiveWeight a factor on target log(sigmoid(input)) that broadcasts to the input, or null
    public static Tensor bceWithLogits(Tensor input, Tensor target, @Nullable Tensor weight,
            @Nullable Tensor positiveWeight, Reduction reduction) {
        checkSame("bce_with_logits", input, target);
        Tensor x = Autocast.full(input);
        Tensor y = Autocast.full(target);
        Tensor losses = positiveWeight == null ? BCE_LOGITS.apply(x, y)
                : BCE_LOGITS_WEIGHTED.applyAll(List.of(x, y, positiveWeight));
        return weighted(losses, weight, reduction);
    }

    private static Tensor weighted(Tensor losses, @Nullable Tensor weight, Reduction reduction) {
        return reduction.of(weight == null ? losses : losses.mul(weight));
    }

    /// target (log(target) - input): the divergence of the distribution whose logarithm is the input from the target.
    /// The mean over all elements is not what mathematics calls the divergence; see [#klDivBatchMean].
    ///
    /// @param input logarithms of probabilities
    /// @param target probabilities, or their logarithms where `logTarget`
    public static Tensor klDiv(Tensor input, Tensor target, Reduction reduction, boolean logTarget) {
        return compare("kl_div", logTarget ? KL_LOG : KL, input, target, reduction);
    }

    /// [#klDiv] summed and divided by the extent of the first axis: the mean divergence of a batch.
    public static Tensor klDivBatchMean(Tensor input, Tensor target, boolean logTarget) {
        Tensor sum = klDiv(input, target, Reduction.SUM, logTarget);
        return input.rank() == 0 ? sum : sum.div((double) input.size(0));
    }

    /// The negative logarithm of Poisson probabilities without the term that is constant:
    /// e^input - target input, or input - target log(input + epsilon) where not `logInput`.
    public static Tensor poissonNll(
            Tensor input, Tensor target, Reduction reduction, boolean logInput, double epsilon) {
        return logInput ? compare("poisson_nll_loss", POISSON_LOG, input, target, reduction)
                : compare("poisson_nll_loss", POISSON, input, target, reduction, epsilon);
    }

    /// [#poissonNll], with Stirling's approximation of the constant term where `full`.
    public static Tensor poissonNll(
            Tensor input, Tensor target, Reduction reduction, boolean logInput, boolean full, double epsilon) {
        Tensor losses = poissonNll(input, target, Reduction.NONE, logInput, epsilon);
        return reduction.of(full ? losses.add(MarginLosses.stirling(target)) : losses);
    }

    /// log(1 + e^(-target input)) for targets 1 and -1.
    public static Tensor softMargin(Tensor input, Tensor target, Reduction reduction) {
        return compare("soft_margin_loss", SOFT_MARGIN, input, target, reduction);
    }

    /// max(0, -target (x1 - x2) + margin) for targets 1 (x1 should rank higher) and -1.
    public static Tensor marginRanking(Tensor x1, Tensor x2, Tensor target, double margin, Reduction reduction) {
        if (x1.rank() != x2.rank() || x1.rank() != target.rank()) {
            throw new TensorException("margin_ranking_loss: " + x1.shape() + ", " + x2.shape() + " and target "
                    + target.shape() + ": expected the same number of axes");
        }
        return reduction.of(x2.sub(x1).mul(target).add(margin).clampMin(0));
    }
}
