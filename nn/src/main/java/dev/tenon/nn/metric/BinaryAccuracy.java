package dev.tenon.nn.metric;

import dev.tenon.api.Tensor;

/// The share of scores on the right side of a threshold: yes or no, for one question or several independent ones.
/// Scores and targets (0 or 1) have the same number of elements. Targets of -100 do not count.
public final class BinaryAccuracy extends Share {
    private final double threshold;

    /// For logits: yes is above 0. Named `binary_accuracy`.
    public BinaryAccuracy() {
        this(0);
    }

    /// @param threshold yes is above it; 0.5 for probabilities
    public BinaryAccuracy(double threshold) {
        super("binary_accuracy");
        this.threshold = threshold;
    }

    @Override
    Judged judge(Tensor output, Tensor target) {
        Decisions d = Decisions.binary(name(), output, target, threshold);
        return new Judged(d.decided().eq(d.right()), d.counts());
    }
}
