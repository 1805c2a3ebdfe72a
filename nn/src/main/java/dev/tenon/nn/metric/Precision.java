package dev.tenon.nn.metric;

/// Of the decisions for a class, the share that is right.
///
/// Scores are `[n, classes, ...]` with targets as for [Accuracy], or yes-or-no scores with a target of 0 or 1 each.
/// Classes that occur neither in targets nor in decisions do not count; where a measure would be 0/0 it is 0.
public final class Precision extends ClassMetric {
    /// The mean over classes. Named `precision`.
    public Precision() {
        this(Average.MACRO);
    }

    /// Named `precision`; yes-or-no scores are logits.
    public Precision(Average average) {
        this(average, 0);
    }

    /// @param average how the measures of classes become one
    /// @param threshold a yes-or-no score means yes above it: 0 for logits, 0.5 for probabilities
    public Precision(Average average, double threshold) {
        super("precision", average, threshold);
    }

    @Override
    double measure(double hits, double decided, double right) {
        return ratio(hits, decided);
    }
}
