package dev.tenon.nn.metric;

/// The harmonic mean of [Precision] and [Recall] of a class.
///
/// Scores are `[n, classes, ...]` with targets as for [Accuracy], or yes-or-no scores with a target of 0 or 1 each.
/// Classes that occur neither in targets nor in decisions do not count; where a measure would be 0/0 it is 0.
public final class F1Score extends ClassMetric {
    /// The mean over classes. Named `f1`.
    public F1Score() {
        this(Average.MACRO);
    }

    /// Named `f1`; yes-or-no scores are logits.
    public F1Score(Average average) {
        this(average, 0);
    }

    /// @param average how the measures of classes become one
    /// @param threshold a yes-or-no score means yes above it: 0 for logits, 0.5 for probabilities
    public F1Score(Average average, double threshold) {
        super("f1", average, threshold);
    }

    @Override
    double measure(double hits, double decided, double right) {
        return ratio(2 * hits, decided + right);
    }
}
