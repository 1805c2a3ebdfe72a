package dev.tenon.nn.metric;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.ClassLosses;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// The area under the receiver operating characteristic: how likely a sample of a class has a higher score than one
/// that is not of it, ties counting one half. Exact, by ranks (Mann and Whitney, 1947):
///
/// ```text
/// (sum of the ranks of the positives - p (p + 1) / 2) / (p n)      p positives, n negatives, mean ranks for ties
/// ```
///
/// Scores are one per sample with a target of 0 or 1, or `[n, classes]` with class numbers. Of two classes the
/// difference of the scores counts. Of more, the log-softmax of each class against all others, and the result is the
/// mean over the classes that have both positives and negatives. Targets of -100 do not count. All scores are kept
/// until they are read.
public final class Auc extends Metric {
    private final List<Tensor> scores = new ArrayList<>();
    private final List<Tensor> targets = new ArrayList<>();

    /// Named `auc`.
    public Auc() {
        super("auc");
    }

    @Override
    public void update(Tensor output, Tensor target) {
        try (Context.Mode _ = Context.noGrad()) {
            Tensor x = output.detach();
            boolean binary = Decisions.isBinary(x, target);
            if (!binary && x.rank() != 2) {
                throw Decisions.misfit(name(), x, target, "scores [n] with targets [n], or [n, classes]");
            }
            scores.add(kept(() -> binary ? x.reshape(-1, 1)
                    : x.size(1) == 2 ? x.select(1, 1).sub(x.select(1, 0)).reshape(-1, 1) : x.logSoftmax(1)));
            targets.add(kept(() -> binary ? target.reshape(-1) : Decisions.classNumbers(name(), x, target)));
        }
    }

    private static Tensor kept(Supplier<Tensor> value) {
        try (Scope _ = Scope.open()) {
            Tensor t = value.get();
            try (Context.Mode _ = Context.unscoped()) {
                return t.clone();
            }
        }
    }

    @Override
    public Map<String, Double> values() {
        return Map.of(name(), area());
    }

    private double area() {
        if (scores.isEmpty()) {
            return Double.NaN;
        }
        int columns = (int) scores.getFirst().size(1);
        double[] s = all(scores);
        double[] y = all(targets);
        int[] counts = IntStream.range(0, y.length).filter(i -> y[i] != ClassLosses.IGNORE).toArray();
        if (columns == 1) {
            return area(counts, s, i -> y[i] > 0.5);
        }
        double sum = 0;
        int counted = 0;
        for (int c = 0; c < columns; c++) {
            int column = c;
            double[] own = IntStream.range(0, y.length).mapToDouble(i -> s[i * columns + column]).toArray();
            double a = area(counts, own, i -> (int) y[i] == column);
            if (!Double.isNaN(a)) {
                sum += a;
                counted++;
            }
        }
        return counted == 0 ? Double.NaN : sum / counted;
    }

    private static double[] all(List<Tensor> parts) {
        return parts.stream().flatMapToDouble(t -> Arrays.stream(t.toDoubleArray())).toArray();
    }

    /// NaN if there are no positives or no negatives, or a score is NaN.
    private static double area(int[] counts, double[] scores, IntPredicate positive) {
        Integer[] order = IntStream.of(counts).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(i -> scores[i]));
        double positives = 0;
        double ranks = 0;
        for (int from = 0; from < order.length;) {
            int to = from + 1;
            double score = scores[order[from]];
            if (Double.isNaN(score)) {
                return Double.NaN;
            }
            while (to < order.length && scores[order[to]] == score) {
                to++;
            }
            for (int i = from; i < to; i++) {
                if (positive.test(order[i])) {
                    positives++;
                    ranks += (from + 1 + to) / 2.0;
                }
            }
            from = to;
        }
        double negatives = counts.length - positives;
        return (ranks - positives * (positives + 1) / 2) / (positives * negatives);
    }

    @Override
    public void reset() {
        super.reset();
        scores.forEach(Tensor::close);
        targets.forEach(Tensor::close);
        scores.clear();
        targets.clear();
    }

    @Override
    public void save(Map<String, Tensor> tensors, Map<String, String> text) {
        super.save(tensors, text);
        text.put("batches", Integer.toString(scores.size()));
        if (!scores.isEmpty()) {
            try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.noGrad()) {
                tensors.put("scores", Tensors.cat(0, scores));
                tensors.put("targets", Tensors.cat(0, targets));
            }
        }
    }

    @Override
    public void load(Map<String, Tensor> tensors, Map<String, String> text) {
        reset();
        Tensor s = tensors.get("scores");
        Tensor y = tensors.get("targets");
        super.load(Map.of(), text);
        if (s != null && y != null) {
            try (Context.Mode _ = Context.noGrad()) {
                scores.add(kept(() -> s));
                targets.add(kept(() -> y));
            }
        }
    }
}
