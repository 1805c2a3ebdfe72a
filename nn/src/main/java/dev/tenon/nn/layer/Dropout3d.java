package dev.tenon.nn.layer;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;

/// In training each channel of `[n, c, depth, height, width]` or `[c, depth, height, width]` is zero with
/// probability p.
public final class Dropout3d extends DropoutLayer {
    /// With probability p and the default generator.
    public Dropout3d(double p) {
        this(p, Generator.getDefault());
    }

    /// With probability p and a generator of its own.
    public Dropout3d(double p, Generator generator) {
        super(p, generator);
    }

    @Override
    Tensor drop(Tensor x, double probability, boolean training, Generator g) {
        return FeatureDropout.drop("Dropout3d", 3, x, probability, training, g);
    }
}
