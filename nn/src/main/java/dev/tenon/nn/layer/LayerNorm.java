package dev.tenon.nn.layer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Norms;
import dev.tenon.nn.init.Init;
import org.jspecify.annotations.Nullable;

/// Layer normalisation over the last axes (Ba, Kiros and Hinton, 2016).
public final class LayerNorm extends Module {
    private final Shape normalized;
    private final double epsilon;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;

    /// With epsilon 1e-5, scale and shift.
    ///
    /// @param normalized the extents of the last axes, over which together is normalised
    public LayerNorm(long... normalized) {
        this(Shape.of(normalized), 1e-5, true, true);
    }

    /// @param normalized the extents of the last axes, over which together is normalised
    /// @param epsilon added to the variance
    /// @param affine whether there is a scale
    /// @param bias whether there is a shift beside the scale
    public LayerNorm(Shape normalized, double epsilon, boolean affine, boolean bias) {
        this.normalized = normalized;
        this.epsilon = epsilon;
        this.weight = affine ? registerParameter("weight", Parameters.create(normalized, Init::ones)) : null;
        this.bias = affine && bias ? registerParameter("bias", Parameters.create(normalized, Init::zeros)) : null;
    }

    /// The scale, or null.
    public final @Nullable Parameter weight() {
        return weight;
    }

    /// The shift, or null.
    public final @Nullable Parameter bias() {
        return bias;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Norms.layerNorm(x, normalized, weight == null ? null : weight.get(), bias == null ? null : bias.get(),
                epsilon);
    }

    @Override
    protected String settings() {
        return normalized + ", eps=" + epsilon + ", affine=" + (weight != null);
    }
}
