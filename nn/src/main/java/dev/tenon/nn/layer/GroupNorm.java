package dev.tenon.nn.layer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.GroupNorms;
import dev.tenon.nn.init.Init;
import org.jspecify.annotations.Nullable;

/// Group normalisation of `[n, c, ...]`: in each sample each group of channels gets mean 0 and variance 1, then each
/// channel is scaled and shifted (Wu and He, 2018).
public final class GroupNorm extends Module {
    private final int groups;
    private final long channels;
    private final double epsilon;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;

    /// With epsilon 1e-5, scale and shift.
    public GroupNorm(int groups, long channels) {
        this(groups, channels, 1e-5, true);
    }

    /// @param groups a divisor of the number of channels
    /// @param epsilon added to the variance
    /// @param affine whether there are a scale and a shift
    public GroupNorm(int groups, long channels, double epsilon, boolean affine) {
        if (groups < 1 || channels % groups != 0) {
            throw new TensorException("GroupNorm: " + groups + " groups of " + channels
                    + " channels: expected a divisor");
        }
        this.groups = groups;
        this.channels = channels;
        this.epsilon = epsilon;
        Shape s = Shape.of(channels);
        this.weight = affine ? registerParameter("weight", Parameters.create(s, Init::ones)) : null;
        this.bias = affine ? registerParameter("bias", Parameters.create(s, Init::zeros)) : null;
    }

    /// The scale, `[c]`, or null.
    public @Nullable Parameter weight() {
        return weight;
    }

    /// The shift, `[c]`, or null.
    public @Nullable Parameter bias() {
        return bias;
    }

    @Override
    public Tensor forward(Tensor x) {
        if (x.rank() < 2 || x.size(1) != channels) {
            throw new TensorException("GroupNorm: input " + x.shape() + ": expected [n, " + channels + ", ...]");
        }
        return GroupNorms.groupNorm(
                x, groups, weight == null ? null : weight.get(), bias == null ? null : bias.get(), epsilon);
    }

    @Override
    protected String settings() {
        return groups + ", " + channels + ", eps=" + epsilon + ", affine=" + (weight != null);
    }
}
