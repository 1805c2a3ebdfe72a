package dev.tenon.nn.layer;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;

/// In training each channel of `[n, c, length]` or `[c, length]` is zero with probability p.
public final class Dropout1d extends DropoutLayer {
    /// With probability p and the default generator.
    public Dropout1d(double p) {
        this(p, Generator.getDefault());
    }

    /// With probability p and a generator of its own.
    public Dropout1d(double p, Generator generator) {
        super(p, generator);
    }

    @Override
    Tensor drop(Tensor x, double probability, boolean training, Generator g) {
        return FeatureDropout.drop("Dropout1d", 1, x, probability, training, g);
    }
}
