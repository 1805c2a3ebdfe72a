package dev.tenon.nn.functional;

import dev.tenon.api.Tensor;

/// What becomes of the losses of the single elements.
public enum Reduction {
    /// They stay as they are.
    NONE,
    /// Their mean.
    MEAN,
    /// Their sum.
    SUM;

    /// The losses reduced.
    public Tensor of(Tensor losses) {
        return switch (this) {
            case NONE -> losses;
            case MEAN -> losses.mean();
            case SUM -> losses.sum();
        };
    }
}
