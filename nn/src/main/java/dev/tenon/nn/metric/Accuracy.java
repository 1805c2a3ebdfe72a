package dev.tenon.nn.metric;

import dev.tenon.api.Tensor;

/// The share of samples whose highest score is that of the right class (top-1).
///
/// Scores are `[n, classes, ...]`; targets are class numbers of that shape without the axis of the classes, or
/// probabilities of the same shape, whose largest is the right class. Targets of -100 do not count.
public final class Accuracy extends Share {
    /// Named `accuracy`.
    public Accuracy() {
        super("accuracy");
    }

    @Override
    Judged judge(Tensor output, Tensor target) {
        Decisions d = Decisions.among(name(), output, target);
        return new Judged(d.decided().eq(d.right()), d.counts());
    }
}
