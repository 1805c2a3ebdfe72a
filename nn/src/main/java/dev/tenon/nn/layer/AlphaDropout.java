package dev.tenon.nn.layer;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Dropouts;

/// Dropout for self-normalising networks, which keeps mean and variance (Klambauer et al., 2017).
public final class AlphaDropout extends DropoutLayer {
    /// With probability p and the default generator.
    public AlphaDropout(double p) {
        this(p, Generator.getDefault());
    }

    /// With probability p and a generator of its own.
    public AlphaDropout(double p, Generator generator) {
        super(p, generator);
    }

    @Override
    Tensor drop(Tensor x, double probability, boolean training, Generator g) {
        return Dropouts.alphaDropout(x, probability, training, g);
    }
}
