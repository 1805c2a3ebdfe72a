package dev.tenon.nn.layer;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Buffer;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.GroupNorms;
import dev.tenon.nn.functional.Norms;
import dev.tenon.nn.init.Init;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Instance normalisation: each channel of each sample gets mean 0 and variance 1 (Ulyanov, Vedaldi and Lempitsky,
/// 2016). By default there are neither scale and shift nor running statistics. Where there are running statistics,
/// training mixes the mean over the batch of those of its samples into them, and evaluation normalises with them.
public abstract sealed class InstanceNormLayer extends Module permits InstanceNorm1d, InstanceNorm2d, InstanceNorm3d {
    private final int axes;
    private final long channels;
    private final BatchNormOptions options;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;
    private final @Nullable Buffer runningMean;
    private final @Nullable Buffer runningVar;
    private final @Nullable Buffer batches;

    InstanceNormLayer(int axes, long channels, BatchNormOptions options) {
        this.axes = axes;
        this.channels = channels;
        this.options = options;
        Shape s = Shape.of(channels);
        this.weight = options.hasAffine() ? registerParameter("weight", Parameters.create(s, Init::ones)) : null;
        this.bias = options.hasAffine() ? registerParameter("bias", Parameters.create(s, Init::zeros)) : null;
        boolean track = options.tracksRunningStats();
        this.runningMean = track ? registerBuffer("running_mean", Parameters.create(s, Init::zeros)) : null;
        this.runningVar = track ? registerBuffer("running_var", Parameters.create(s, Init::ones)) : null;
        this.batches = track ? registerBuffer("num_batches_tracked", counter()) : null;
    }

    static BatchNormOptions plain() {
        return new BatchNormOptions().affine(false).trackRunningStats(false);
    }

    private static Tensor counter() {
        try (Context.Mode _ = Context.unscoped()) {
            return Tensors.zeros(Shape.SCALAR, DType.I64, Device.getDefault());
        }
    }

    /// The scale, `[c]`, or null.
    public final @Nullable Parameter weight() {
        return weight;
    }

    /// The shift, `[c]`, or null.
    public final @Nullable Parameter bias() {
        return bias;
    }

    /// The running mean, `[c]`, or null.
    public final @Nullable Buffer runningMean() {
        return runningMean;
    }

    /// The running variance, `[c]`, or null.
    public final @Nullable Buffer runningVar() {
        return runningVar;
    }

    @Override
    public final Tensor forward(Tensor x) {
        boolean single = x.rank() == axes + 1;
        if (!single && x.rank() != axes + 2 || x.size(single ? 0 : 1) != channels) {
            throw new TensorException(getClass().getSimpleName() + ": input " + x.shape() + ": expected [n, " + channels
                    + ", " + axes + " spatial axes], or the same without n");
        }
        return single ? normalized(x.unsqueeze(0)).squeeze(0) : normalized(x);
    }

    private Tensor normalized(Tensor x) {
        Tensor w = weight == null ? null : weight.get();
        Tensor b = bias == null ? null : bias.get();
        if (runningMean != null && runningVar != null && batches != null) {
            if (!isTraining()) {
                return Norms.batchNormInference(x, runningMean.get(), runningVar.get(), w, b, options.epsilonValue());
            }
            Tensor y = GroupNorms.instanceNorm(x, w, b, options.epsilonValue());
            track(x, runningMean.get(), runningVar.get(), batches.get());
            return y;
        }
        return GroupNorms.instanceNorm(x, w, b, options.epsilonValue());
    }

    private void track(Tensor x, Tensor mean, Tensor var, Tensor counter) {
        if (x.elements() == 0) {
            return;
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            counter.add_(Tensors.onesLike(counter));
            double m = options.momentumValue().isPresent() ? options.momentumValue().getAsDouble()
                    : 1.0 / counter.itemLong();
            int[] spatial = IntStream.range(2, x.rank()).toArray();
            Tensor wide = x.to(mean.dtype());
            mean.mul_(1 - m).add_(wide.mean(spatial, false).mean(0).mul(m));
            var.mul_(1 - m).add_(wide.var(spatial, 1, false).mean(0).mul(m));
        }
    }

    @Override
    protected final String settings() {
        return channels + ", eps=" + options.epsilonValue() + ", affine=" + options.hasAffine()
                + ", trackRunningStats=" + options.tracksRunningStats();
    }
}
