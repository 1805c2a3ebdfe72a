package dev.tenon.nn.layer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Norms;
import dev.tenon.nn.init.Init;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// Division by the root of the mean square over the last axes, then a scale (Zhang and Sennrich, 2019).
public final class RMSNorm extends Module {
    private final Shape normalized;
    private final OptionalDouble epsilon;
    private final @Nullable Parameter weight;

    /// With a scale, and as epsilon the distance from 1 to the next number of the input's dtype.
    ///
    /// @param normalized the extents of the last axes, over which together is normalised
    public RMSNorm(long... normalized) {
        this(Shape.of(normalized), OptionalDouble.empty(), true);
    }

    /// @param normalized the extents of the last axes, over which together is normalised
    /// @param epsilon added to the mean square; empty for the distance from 1 to the next number of the input's dtype
    /// @param affine whether there is a scale
    public RMSNorm(Shape normalized, OptionalDouble epsilon, boolean affine) {
        this.normalized = normalized;
        this.epsilon = epsilon;
        this.weight = affine ? registerParameter("weight", Parameters.create(normalized, Init::ones)) : null;
    }

    /// The scale, or null.
    public @Nullable Parameter weight() {
        return weight;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Norms.rmsNorm(x, normalized, weight == null ? null : weight.get(), epsilon);
    }

    @Override
    protected String settings() {
        return normalized + (epsilon.isPresent() ? ", eps=" + epsilon.getAsDouble() : "") + ", affine="
                + (weight != null);
    }
}
