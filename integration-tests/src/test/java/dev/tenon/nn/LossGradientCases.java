package dev.tenon.nn;

import static dev.tenon.nn.LayerChecks.normal;

import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.Distances;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.loss.BCELoss;
import dev.tenon.nn.loss.BCEWithLogitsLoss;
import dev.tenon.nn.loss.CTCLoss;
import dev.tenon.nn.loss.CosineEmbeddingLoss;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.loss.GaussianNLLLoss;
import dev.tenon.nn.loss.HingeEmbeddingLoss;
import dev.tenon.nn.loss.HuberLoss;
import dev.tenon.nn.loss.KLDivLoss;
import dev.tenon.nn.loss.L1Loss;
import dev.tenon.nn.loss.Loss;
import dev.tenon.nn.loss.MSELoss;
import dev.tenon.nn.loss.MarginRankingLoss;
import dev.tenon.nn.loss.MultiLabelMarginLoss;
import dev.tenon.nn.loss.MultiLabelSoftMarginLoss;
import dev.tenon.nn.loss.MultiMarginLoss;
import dev.tenon.nn.loss.NLLLoss;
import dev.tenon.nn.loss.PoissonNLLLoss;
import dev.tenon.nn.loss.SmoothL1Loss;
import dev.tenon.nn.loss.SoftMarginLoss;
import dev.tenon.nn.loss.TripletMarginLoss;
import dev.tenon.nn.loss.TripletMarginWithDistanceLoss;
import java.util.ArrayList;
import java.util.List;

/// The losses, each with every reduction and its settings.
final class LossGradientCases {
    private static final int N = 3;
    private static final int C = 4;
    private static final Tensor X = normal(41, N, C);
    private static final Tensor Y = normal(42, N, C);
    private static final Tensor Z = normal(43, N, C);
    private static final Tensor CLASSES = Tensors.of(2L, 0L, 3L);
    private static final Tensor SIGNS = Tensors.of(1.0, -1.0, 1.0);
    private static final Tensor WEIGHT = Tensors.of(0.5, 2.0, 1.0, 1.5);

    private LossGradientCases() {}

    static List<GradientCase> all() {
        List<GradientCase> all = new ArrayList<>();
        for (Reduction r : Reduction.values()) {
            regressions(all, r);
            probabilities(all, r);
            classes(all, r);
            margins(all, r);
            ctc(all, r);
        }
        return all;
    }

    private static Tensor longs(Shape shape, long... values) {
        return Tensors.of(values, shape, Device.getDefault());
    }

    /// A loss that is differentiated with respect to its input and its target.
    private static GradientCase both(Loss loss, Tensor x, Tensor target) {
        return new GradientCase(loss, in -> loss.call(in.get(0), in.get(1)), x, target);
    }

    /// A loss whose target is given.
    private static GradientCase input(Loss loss, Tensor x, Tensor target) {
        return new GradientCase(loss, in -> loss.call(in.getFirst(), target), x);
    }

    private static void regressions(List<GradientCase> to, Reduction r) {
        to.add(both(new MSELoss(r), X, Y));
        to.add(both(new L1Loss(r), X, Y));
        to.add(both(new SmoothL1Loss(r, 0.7), X, Y));
        to.add(both(new SmoothL1Loss(r, 0), X, Y));
        to.add(both(new HuberLoss(r, 0.7), X, Y));
        GaussianNLLLoss gaussian = new GaussianNLLLoss(r, true, 1e-6);
        to.add(new GradientCase(gaussian, in -> gaussian.call(in.get(0), in.get(1), in.get(2)), X, Y,
                Z.abs().add(0.1)));
        Tensor counts = Y.abs().mul(3).round();
        to.add(input(new PoissonNLLLoss(r, true, true, 1e-8), X, counts));
        to.add(input(new PoissonNLLLoss(r, false, false, 1e-4), X.abs().add(0.1), counts));
    }

    private static void probabilities(List<GradientCase> to, Reduction r) {
        Tensor p = X.sigmoid();
        Tensor q = Y.sigmoid();
        to.add(both(new BCELoss(r, WEIGHT), p, q));
        to.add(both(new BCELoss(r, null), p, q));
        to.add(both(new BCEWithLogitsLoss(r, null, null), X, q));
        to.add(both(new BCEWithLogitsLoss(r, WEIGHT, WEIGHT.add(1)), X, q));
        to.add(both(new KLDivLoss(r, false), X.logSoftmax(1), Y.softmax(1)));
        to.add(both(new KLDivLoss(r, true), X.logSoftmax(1), Y.logSoftmax(1)));
    }

    private static void classes(List<GradientCase> to, Reduction r) {
        Tensor plane = normal(44, 2, C, 2);
        Tensor places = longs(Shape.of(2, 2), 1, 3, 0, 2);
        for (Tensor weight : new Tensor[] {null, WEIGHT}) {
            to.add(input(new NLLLoss(r, weight, -100), X.logSoftmax(1), CLASSES));
            to.add(input(new NLLLoss(r, weight, 3), plane.logSoftmax(1), places));
            for (double smoothing : new double[] {0, 0.2}) {
                to.add(input(new CrossEntropyLoss(r, weight, -100, smoothing), X, CLASSES));
                to.add(input(new CrossEntropyLoss(r, weight, 0, smoothing), plane, places));
                to.add(both(new CrossEntropyLoss(r, weight, -100, smoothing), X, Y.softmax(1)));
            }
        }
    }

    private static void margins(List<GradientCase> to, Reduction r) {
        to.add(input(new SoftMarginLoss(r), X.select(1, 0), SIGNS));
        to.add(input(new HingeEmbeddingLoss(r, 0.7), X.select(1, 0), SIGNS));
        to.add(input(new MultiMarginLoss(r, 1, 0.6, WEIGHT), X, CLASSES));
        to.add(input(new MultiMarginLoss(r, 2, 1, null), X, CLASSES));
        to.add(input(new MultiLabelMarginLoss(r), X, longs(Shape.of(N, C), 3, 0, -1, 1, 1, -1, 0, 2, 0, 1, 2, 3)));
        to.add(input(new MultiLabelSoftMarginLoss(r, WEIGHT), X, Y.gt(0).to(X.dtype())));
        MarginRankingLoss ranking = new MarginRankingLoss(r, 0.3);
        to.add(new GradientCase(ranking, in -> ranking.call(in.get(0), in.get(1), SIGNS), X.select(1, 0),
                Y.select(1, 0)));
        CosineEmbeddingLoss cosine = new CosineEmbeddingLoss(r, -0.5);
        to.add(new GradientCase(cosine, in -> cosine.call(in.get(0), in.get(1), SIGNS), X, Y));
        for (boolean swap : new boolean[] {false, true}) {
            TripletMarginLoss triplet = new TripletMarginLoss(r, 2, 3, 1e-6, swap);
            to.add(new GradientCase(triplet, in -> triplet.call(in.get(0), in.get(1), in.get(2)), X, Y, Z));
            TripletMarginWithDistanceLoss distance = new TripletMarginWithDistanceLoss(r,
                    (x, y) -> Distances.cosineSimilarity(x, y, 1, 1e-8).neg(), 1, swap);
            to.add(new GradientCase(distance, in -> distance.call(in.get(0), in.get(1), in.get(2)), X, Y, Z));
        }
    }

    private static void ctc(List<GradientCase> to, Reduction r) {
        CTCLoss loss = new CTCLoss(r, 1, true);
        // The second label comes twice in a row; the last sequence is too short for its labels and counts as zero.
        Tensor labels = longs(Shape.of(3, 2), 0, 2, 3, 3, 2, 2);
        Tensor steps = Tensors.of(4L, 5L, 2L);
        Tensor lengths = Tensors.of(2L, 2L, 2L);
        to.add(new GradientCase(loss, in -> loss.call(in.getFirst().logSoftmax(2), labels, steps, lengths),
                normal(45, 5, 3, C)));
    }
}
