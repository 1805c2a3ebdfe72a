package dev.tenon.nn.layer;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.Module;

/// What the dropout layers have in common: a probability, and where the random numbers come from. In evaluation they
/// give what they take.
public abstract sealed class DropoutLayer extends Module
        permits Dropout, Dropout1d, Dropout2d, Dropout3d, AlphaDropout, FeatureAlphaDropout {
    private final double p;
    private final Generator generator;

    DropoutLayer(double p, Generator generator) {
        if (!(p >= 0 && p <= 1)) {
            throw new TensorException("dropout: probability " + p + ": expected 0 to 1");
        }
        this.p = p;
        this.generator = generator;
    }

    /// The probability.
    public final double p() {
        return p;
    }

    @Override
    public final Tensor forward(Tensor x) {
        return drop(x, p, isTraining(), generator);
    }

    abstract Tensor drop(Tensor x, double probability, boolean training, Generator g);

    @Override
    protected final String settings() {
        return "p=" + p;
    }
}
