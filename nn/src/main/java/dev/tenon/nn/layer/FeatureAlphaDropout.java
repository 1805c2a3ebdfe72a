package dev.tenon.nn.layer;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.FeatureAlpha;

/// [AlphaDropout] of whole channels of `[n, c, ...]`.
public final class FeatureAlphaDropout extends DropoutLayer {
    /// With probability p and the default generator.
    public FeatureAlphaDropout(double p) {
        this(p, Generator.getDefault());
    }

    /// With probability p and a generator of its own.
    public FeatureAlphaDropout(double p, Generator generator) {
        super(p, generator);
    }

    @Override
    Tensor drop(Tensor x, double probability, boolean training, Generator g) {
        return FeatureAlpha.dropout(x, probability, training, g);
    }
}
