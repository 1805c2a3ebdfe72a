package dev.tenon.nn.metric;

/// Of the samples of a class, the share that is found.
///
/// Scores are `[n, classes, ...]` with targets as for [Accuracy], or yes-or-no scores with a target of 0 or 1 each.
/// Classes that occur neither in targets nor in decisions do not count; where a measure would be 0/0 it is 0.
public final class Recall extends ClassMetric {
    /// The mean over classes. Named `recall`.
    public Recall() {
        this(Average.MACRO);
    }

    /// Named `recall`; yes-or-no scores are logits.
    public Recall(Average average) {
        this(average, 0);
    }

    /// @param average how the measures of classes become one
    /// @param threshold a yes-or-no score means yes above it: 0 for logits, 0.5 for probabilities
    public Recall(Average average, double threshold) {
        super("recall", average, threshold);
    }

    @Override
    double measure(double hits, double decided, double right) {
        return ratio(hits, right);
    }
}
