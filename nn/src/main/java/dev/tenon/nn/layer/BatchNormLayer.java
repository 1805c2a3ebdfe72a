package dev.tenon.nn.layer;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Buffer;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Norms;
import dev.tenon.nn.init.Init;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Batch normalisation (Ioffe and Szegedy, 2015). In training each channel is normalised with the statistics of the
/// batch, which also enter the running statistics; in evaluation with the running ones.
public abstract sealed class BatchNormLayer extends Module permits BatchNorm1d, BatchNorm2d, BatchNorm3d {
    private final String layout;
    private final long channels;
    private final int[] ranks;
    private final BatchNormOptions options;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;
    private final @Nullable Buffer runningMean;
    private final @Nullable Buffer runningVar;
    private final @Nullable Buffer batches;

    BatchNormLayer(String layout, long channels, BatchNormOptions options, int... ranks) {
        this.layout = layout;
        this.channels = channels;
        this.ranks = ranks;
        this.options = options;
        Shape s = Shape.of(channels);
        this.weight = options.hasAffine() ? registerParameter("weight", Parameters.create(s, Init::ones)) : null;
        this.bias = options.hasAffine() ? registerParameter("bias", Parameters.create(s, Init::zeros)) : null;
        boolean track = options.tracksRunningStats();
        this.runningMean = track ? registerBuffer("running_mean", Parameters.create(s, Init::zeros)) : null;
        this.runningVar = track ? registerBuffer("running_var", Parameters.create(s, Init::ones)) : null;
        this.batches = track ? registerBuffer("num_batches_tracked", counter()) : null;
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
        if (Arrays.stream(ranks).noneMatch(r -> r == x.rank()) || x.size(1) != channels) {
            throw new TensorException(getClass().getSimpleName() + ": input " + x.shape() + ": expected " + layout
                    + " with c = " + channels);
        }
        Tensor w = weight == null ? null : weight.get();
        Tensor b = bias == null ? null : bias.get();
        Tensor mean = runningMean == null ? null : runningMean.get();
        Tensor var = runningVar == null ? null : runningVar.get();
        double epsilon = options.epsilonValue();
        if (!isTraining() && mean != null && var != null) {
            return Norms.batchNormInference(x, mean, var, w, b, epsilon);
        }
        boolean update = isTraining() && batches != null;
        double momentum = update ? countBatch(batches.get()) : 0;
        return Norms.batchNormTraining(x, update ? mean : null, update ? var : null, w, b, momentum, epsilon);
    }

    /// @return how much of this batch's statistics enters the running ones
    private double countBatch(Tensor counter) {
        try (Context.Mode _ = Context.noGrad()) {
            counter.add_(Tensors.full(Shape.SCALAR, 1, DType.I64, counter.device()));
            return options.momentumValue().isPresent() ? options.momentumValue().getAsDouble()
                    : 1.0 / counter.itemLong();
        }
    }

    @Override
    protected final String settings() {
        var m = options.momentumValue();
        return channels + ", eps=" + options.epsilonValue() + ", momentum="
                + (m.isPresent() ? m.getAsDouble() : "cumulative") + ", affine=" + options.hasAffine()
                + ", trackRunningStats=" + options.tracksRunningStats();
    }
}
