package dev.tenon.nn.functional;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Formula;
import dev.tenon.api.Formula.Rule;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Normalisation.
public final class Norms {
    private static final Formula SCALE_SHIFT =
            new Formula("scale_shift", Rule.FLOAT, a -> Exprs.add(Exprs.mul(a.x(0), a.x(1)), a.x(2)));
    private static final Formula NORMALIZE = new Formula("normalize", Rule.FLOAT, a -> Exprs.mul(a.x(0), a.x(1)));

    private Norms() {}

    // --- batch

    /// Batch normalisation with the statistics of the batch: each channel gets mean 0 and variance 1, then is scaled
    /// and shifted (Ioffe and Szegedy, 2015). Where running statistics are given, they are updated in place:
    /// running = (1 - momentum) running + momentum batch, the batch's variance with Bessel's correction.
    ///
    /// @param x `[n, c, ...]`
    /// @param runningMean `[c]`, or null
    /// @param runningVar `[c]`, or null
    /// @param weight the scale, `[c]`, or null for 1
    /// @param bias the shift, `[c]`, or null for 0
    /// @throws TensorException if shapes do not fit, or a channel has a single value
    public static Tensor batchNormTraining(Tensor x, @Nullable Tensor runningMean, @Nullable Tensor runningVar,
            @Nullable Tensor weight, @Nullable Tensor bias, double momentum, double epsilon) {
        if (x.rank() == 1 && x.elements() == 0) {
            return x.clone(); // a batch of nothing, as PyTorch takes it
        }
        checkChannels(x, runningMean, runningVar, weight, bias);
        long count = x.elements() / Math.max(1, x.size(1));
        if (count == 1) {
            throw new TensorException("batch_norm: input " + x.shape()
                    + " has one value per channel, which has no variance: train with larger batches, or call eval()");
        }
        DType work = x.dtype().kind().dtype();
        Shape channels = Shape.of(x.size(1));
        Tensor w = weight != null ? weight : Tensors.ones(channels, work, x.device());
        Tensor b = bias != null ? bias : Tensors.zeros(channels, work, x.device());
        List<Tensor> out = Dispatcher.apply(new BatchNorm(epsilon), List.of(x, w, b));
        if (runningMean != null && runningVar != null && count > 0) {
            updateRunning(runningMean, runningVar, out.get(1), out.get(2), momentum, epsilon, count);
        }
        return out.getFirst();
    }

    /// Both statistics in one elementwise op. The variance comes back from the reciprocal of the standard deviation.
    private static void updateRunning(
            Tensor mean, Tensor var, Tensor batchMean, Tensor batchRstd, double momentum, double epsilon, long count) {
        DType work = mean.dtype().kind().dtype();
        Expr keep = new Expr.Param(work.kind(), 0);
        Expr take = new Expr.Param(work.kind(), 1);
        Expr bessel = new Expr.Param(work.kind(), 2);
        Expr eps = new Expr.Param(work.kind(), 3);
        Expr m = Exprs.in(2, batchMean.dtype(), work);
        Expr rstd = Exprs.in(3, batchRstd.dtype(), work);
        Expr one = Exprs.like(rstd, 1);
        Expr biased = Exprs.sub(Exprs.div(one, Exprs.mul(rstd, rstd)), eps);
        Expr v = Exprs.binary(BinaryFn.MAX, biased, Exprs.like(biased, 0));
        Expr newMean = Exprs.add(Exprs.mul(Exprs.in(0, mean.dtype(), work), keep), Exprs.mul(m, take));
        Expr newVar = Exprs.add(
                Exprs.mul(Exprs.in(1, var.dtype(), work), keep), Exprs.mul(Exprs.mul(v, bessel), take));
        Lambda body = Lambda.of(List.of(newMean, newVar), List.of(mean.dtype(), var.dtype()));
        Scalars s = Scalars.of(1 - momentum, momentum, (double) count / (count - 1), epsilon);
        try (Context.Mode _ = Context.noGrad()) {
            Dispatcher.applyInto(MapOp.of("batch_norm_running", body, s),
                    List.of(mean, var, batchMean, batchRstd), List.of(mean, var));
        }
    }

    /// Batch normalisation with given statistics.
    ///
    /// @param x `[n, c, ...]`
    /// @param mean `[c]`
    /// @param var `[c]`
    /// @param weight the scale, `[c]`, or null for 1
    /// @param bias the shift, `[c]`, or null for 0
    /// @throws TensorException if shapes do not fit
    public static Tensor batchNormInference(Tensor x, Tensor mean, Tensor var, @Nullable Tensor weight,
            @Nullable Tensor bias, double epsilon) {
        checkChannels(x, mean, var, weight, bias);
        Tensor rstd = var.add(epsilon).rsqrt();
        Tensor scale = weight == null ? rstd : rstd.mul(weight);
        Tensor centre = mean.mul(scale);
        Tensor shift = bias == null ? centre.neg() : bias.sub(centre);
        long[] dims = new long[x.rank()];
        Arrays.fill(dims, 1);
        dims[1] = x.size(1);
        return SCALE_SHIFT.applyAll(List.of(x, scale.reshape(dims), shift.reshape(dims))).to(x.dtype());
    }

    private static void checkChannels(Tensor x, @Nullable Tensor... perChannel) {
        if (x.rank() < 2 || !x.dtype().isFloating()) {
            throw new TensorException("batch_norm: input " + x.type() + ": expected floating-point [n, c, ...]");
        }
        for (Tensor t : perChannel) {
            if (t != null && (t.rank() != 1 || t.size(0) != x.size(1))) {
                throw new TensorException("batch_norm: " + t.shape() + " for input " + x.shape() + ": expected ["
                        + x.size(1) + "], one number for each channel");
            }
        }
    }

    // --- layer

    /// Layer normalisation: over the last axes together mean 0 and variance 1, then scaled and shifted (Ba, Kiros and
    /// Hinton, 2016).
    ///
    /// @param normalized the extents of the axes that are normalised: the last of x
    /// @param weight the scale, of shape `normalized`, or null for 1
    /// @param bias the shift, of shape `normalized`, or null for 0
    /// @throws TensorException if shapes do not fit
    public static Tensor layerNorm(
            Tensor x, Shape normalized, @Nullable Tensor weight, @Nullable Tensor bias, double epsilon) {
        int n = normalized.rank();
        boolean fits = n > 0 && x.rank() >= n && x.shape().slice(x.rank() - n, x.rank()).equals(normalized)
                && (weight == null || weight.shape().equals(normalized))
                && (bias == null || bias.shape().equals(normalized));
        if (!fits || !x.dtype().isFloating()) {
            throw new TensorException("layer_norm: input " + x.type() + ", weight "
                    + (weight == null ? "none" : weight.shape()) + ", bias " + (bias == null ? "none" : bias.shape())
                    + ": expected floating-point [..., " + normalized + "] and " + normalized);
        }
        DType work = x.dtype().kind().dtype();
        Tensor w = weight != null ? weight : Tensors.ones(normalized, work, x.device());
        Tensor b = bias != null ? bias : Tensors.zeros(normalized, work, x.device());
        return Dispatcher.apply(new LayerNorm(n, epsilon), List.of(x, w, b)).getFirst();
    }

    /// Division by the root of the mean square over the last axes together, then a scale (Zhang and Sennrich, 2019).
    ///
    /// @param normalized the extents of the axes that are normalised: the last of x
    /// @param weight the scale, of shape `normalized`, or null for 1
    /// @param epsilon added to the mean square; empty for the distance from 1 to the next number of x's dtype
    /// @throws TensorException if shapes do not fit
    public static Tensor rmsNorm(Tensor x, Shape normalized, @Nullable Tensor weight, OptionalDouble epsilon) {
        int n = normalized.rank();
        boolean fits = n > 0 && x.rank() >= n && x.shape().slice(x.rank() - n, x.rank()).equals(normalized)
                && (weight == null || weight.shape().equals(normalized));
        if (!fits || !x.dtype().isFloating()) {
            throw new TensorException("rms_norm: input " + x.type() + ", weight "
                    + (weight == null ? "none" : weight.shape()) + ": expected floating-point [..., " + normalized
                    + "] and " + normalized);
        }
        int[] axes = IntStream.range(x.rank() - n, x.rank()).toArray();
        Tensor wide = x.to(x.dtype().kind().dtype());
        Tensor rms = wide.square().mean(axes, true).add(epsilon.orElse(step(x.dtype()))).rsqrt();
        Tensor normal = NORMALIZE.apply(wide, rms);
        return (weight == null ? normal : normal.mul(weight)).to(x.dtype());
    }

    /// The distance from 1 to the next number.
    private static double step(DType dtype) {
        return switch (dtype) {
            case F64 -> 0x1p-52;
            case F16 -> 0x1p-10;
            case BF16 -> 0x1p-7;
            default -> 0x1p-23;
        };
    }
}
