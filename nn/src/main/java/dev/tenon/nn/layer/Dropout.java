package dev.tenon.nn.layer;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Dropouts;

/// In training each element is zero with probability p and otherwise divided by 1 - p (Srivastava et al., 2014).
public final class Dropout extends DropoutLayer {
    /// With probability p and the default generator.
    public Dropout(double p) {
        this(p, Generator.getDefault());
    }

    /// With probability p and a generator of its own.
    public Dropout(double p, Generator generator) {
        super(p, generator);
    }

    @Override
    Tensor drop(Tensor x, double probability, boolean training, Generator g) {
        return Dropouts.dropout(x, probability, training, g);
    }
}
