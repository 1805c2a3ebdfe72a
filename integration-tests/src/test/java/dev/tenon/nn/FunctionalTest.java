package dev.tenon.nn;

import static dev.tenon.tensor.Doubles.check;
import static dev.tenon.tensor.Doubles.fails;
import static dev.tenon.tensor.Doubles.integers;
import static dev.tenon.tensor.Doubles.longs;
import static dev.tenon.tensor.Doubles.near;
import static dev.tenon.tensor.Doubles.of;
import static dev.tenon.tensor.Doubles.ramp;
import static dev.tenon.tensor.Doubles.random;
import static dev.tenon.tensor.Doubles.same;
import static dev.tenon.tensor.Doubles.uniform;
import static dev.tenon.tensor.Doubles.values;
import static dev.tenon.tensor.Doubles.vector;

import dev.tenon.api.ReductionOps.ValuesAndIndices;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.AdaptivePools;
import dev.tenon.nn.functional.Attentions;
import dev.tenon.nn.functional.Bags;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Convs;
import dev.tenon.nn.functional.Ctc;
import dev.tenon.nn.functional.Distances;
import dev.tenon.nn.functional.GridSampling;
import dev.tenon.nn.functional.GridSampling.Outside;
import dev.tenon.nn.functional.GroupNorms;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Recurrences;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.functional.Resizing;
import dev.tenon.nn.functional.Shrinkage;
import dev.tenon.nn.functional.Transposed;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The functions of networks against loops and closed forms, with first and second derivatives.
class FunctionalTest {
    private static final Reduction NONE = Reduction.NONE;

    private static DynamicTest activation(String name, UnaryOperator<Tensor> op, DoubleUnaryOperator math) {
        return DynamicTest.dynamicTest(name, () -> {
            Tensor x = random(1, 4, 6);
            near(x.shape(), Arrays.stream(x.toDoubleArray()).map(math).toArray(), op.apply(x));
            check(in -> op.apply(in.getFirst()), random(2, 6));
        });
    }

    @TestFactory
    Stream<DynamicTest> activations() {
        return Stream.of(
                activation("celu", x -> Shrinkage.celu(x, 1.5), x -> x > 0 ? x : 1.5 * Math.expm1(x / 1.5)),
                activation("hardtanh", x -> Shrinkage.hardtanh(x, -0.5, 1), x -> Math.clamp(x, -0.5, 1)),
                activation("softplus", x -> Shrinkage.softplus(x, 2, 3),
                        x -> 2 * x > 3 ? x : Math.log1p(Math.exp(2 * x)) / 2),
                activation("threshold", x -> Shrinkage.threshold(x, 0.3, 7), x -> x > 0.3 ? x : 7),
                activation("softshrink", x -> Shrinkage.softshrink(x, 0.4),
                        x -> Math.signum(x) * Math.max(0, Math.abs(x) - 0.4)),
                activation("hardshrink", x -> Shrinkage.hardshrink(x, 0.4), x -> Math.abs(x) > 0.4 ? x : 0),
                activation("tanhshrink", Shrinkage::tanhshrink, x -> x - Math.tanh(x)),
                activation("prelu", x -> Shrinkage.prelu(x, vector(0.2)), x -> x > 0 ? x : 0.2 * x));
    }

    @Test
    void shrinkageByHand() {
        values(Shrinkage.glu(vector(2, 3, 0, Math.log(3)), 0), 1, 2.25);
        check(in -> Shrinkage.glu(in.getFirst(), 1), random(1, 2, 4));
        check(in -> Shrinkage.prelu(in.get(0), in.get(1)), random(1, 2, 3), random(2, 3));
        fails(() -> Shrinkage.glu(vector(1, 2, 3), 0), "glu", "even");
        fails(() -> Shrinkage.prelu(ramp(2, 3), vector(1, 2)), "prelu", "expected 1 or 3");
        fails(() -> Shrinkage.softshrink(vector(1), -1), "softshrink", "at least 0");
    }

    @Test
    void distances() {
        values(Distances.normalize(vector(3, 4), 2, 0, 1e-12), 0.6, 0.8);
        values(Distances.normalize(vector(0, 0), 2, 0, 1e-12), 0, 0);
        values(Distances.cosineSimilarity(vector(1, 0), vector(1, 1), 0, 1e-8), Math.sqrt(0.5));
        values(Distances.pairwiseDistance(vector(1, 2), vector(4, 6), 2, 0, false), 5);
        values(Distances.pdist(of(Shape.of(3, 2), 0, 0, 3, 4, 0, 4), 2), 5, 4, 3);
        check(in -> Distances.cosineSimilarity(in.get(0), in.get(1), 1, 1e-8), random(1, 2, 3), random(2, 2, 3));
        check(in -> Distances.pairwiseDistance(in.get(0), in.get(1), 2, 1e-6, true), random(1, 2, 3), random(2, 2, 3));
        check(in -> Distances.pdist(in.getFirst(), 3), random(1, 3, 2));
        check(in -> Distances.normalize(in.getFirst(), 2, 1, 1e-12), random(1, 2, 3));
        fails(() -> Distances.pdist(vector(1), 2), "pdist", "matrix");
    }

    @Test
    void groupNorms() {
        Tensor x = random(1, 2, 4, 3);
        double[] v = x.toDoubleArray();
        double[] expected = new double[24];
        for (int g = 0; g < 4; g++) {
            double mean = Arrays.stream(v, 6 * g, 6 * g + 6).average().orElseThrow();
            double var = Arrays.stream(v, 6 * g, 6 * g + 6).map(e -> (e - mean) * (e - mean)).sum() / 6;
            for (int i = 6 * g; i < 6 * g + 6; i++) {
                int c = i / 3 % 4;
                expected[i] = (v[i] - mean) / Math.sqrt(var + 1e-5) * (c + 1) + c;
            }
        }
        near(x.shape(), expected, GroupNorms.groupNorm(x, 2, vector(1, 2, 3, 4), vector(0, 1, 2, 3), 1e-5));
        same(GroupNorms.groupNorm(x, 4, null, null, 1e-5), GroupNorms.instanceNorm(x, null, null, 1e-5));
        double[] local = new double[24];
        for (int i = 0; i < 24; i++) {
            int c = i / 3 % 4;
            // Of three neighbouring channels.
            double squares = v[i] * v[i] + (c > 0 ? v[i - 3] * v[i - 3] : 0) + (c < 3 ? v[i + 3] * v[i + 3] : 0);
            local[i] = v[i] / Math.pow(2 + 0.5 * squares / 3, 0.75);
        }
        near(x.shape(), local, GroupNorms.localResponseNorm(x, 3, 0.5, 0.75, 2));
        check(in -> GroupNorms.groupNorm(in.get(0), 2, in.get(1), in.get(2), 1e-5), x, random(2, 4), random(3, 4));
        check(in -> GroupNorms.localResponseNorm(in.getFirst(), 3, 0.5, 0.75, 2), x);
        fails(() -> GroupNorms.groupNorm(x, 3, null, null, 1e-5), "group_norm", "divisor");
        fails(() -> GroupNorms.groupNorm(x, 2, vector(1), null, 1e-5), "group_norm", "[4]");
        fails(() -> GroupNorms.instanceNorm(random(1, 2, 3, 1), null, null, 1e-5), "instance_norm", "one value");
    }

    @Test
    void marginLosses() {
        values(MarginLosses.hingeEmbedding(vector(0.3, 0.3, 2), integers(1, -1, -1), 1, NONE), 0.3, 0.7, 0);
        Tensor x = of(Shape.of(1, 3), 0.1, 0.5, 0.9);
        values(MarginLosses.multiMargin(x, integers(1), 1, 1, null, NONE), (0.6 + 1.4) / 3);
        values(MarginLosses.multiMargin(x, integers(1), 2, 1, vector(1, 2, 1), NONE), 2 * (0.36 + 1.96) / 3);
        values(MarginLosses.multilabelMargin(x, integers(Shape.of(1, 3), 2, -1, 0), NONE), (0.2 + 0.6) / 3);
        double expected = (Math.log1p(Math.exp(-0.1)) + Math.log1p(Math.exp(0.5)) + Math.log1p(Math.exp(0.9))) / 3;
        values(MarginLosses.multilabelSoftMargin(x, of(Shape.of(1, 3), 1, 0, 0), null, NONE), expected);
        Tensor o = of(Shape.of(1, 2), 0, 0);
        Tensor far = of(Shape.of(1, 2), 3, 4);
        Tensor near = of(Shape.of(1, 2), 3, 0);
        values(MarginLosses.tripletMargin(o, near, far, 1, 2, 0, false, NONE), 0);
        values(MarginLosses.tripletMargin(o, far, near, 1, 2, 0, false, NONE), 3);
        values(MarginLosses.tripletMargin(o, near, far, 1, 1, 0, true, NONE), 0);
        values(MarginLosses.tripletMargin(o, far, far.mul(2.0), 1, 2, 0, true, NONE), 1);
        values(MarginLosses.cosineEmbedding(near, far, integers(1), 0.2, NONE), 0.4);
        values(MarginLosses.cosineEmbedding(near, far, integers(-1), 0.2, NONE), 0.4);
        values(MarginLosses.gaussianNll(vector(1), vector(3), vector(2), false, 1e-6, NONE), (Math.log(2) + 2) / 2);
        values(MarginLosses.stirling(vector(1, 10)), 0, 10 * Math.log(10) - 10 + Math.log(20 * Math.PI) / 2);
        Tensor labels = integers(1, 0);
        check(in -> MarginLosses.multiMargin(in.getFirst(), labels, 2, 1, null, Reduction.MEAN), random(1, 2, 3));
        check(in -> MarginLosses.multilabelSoftMargin(in.getFirst(), vector(1, 0, 1), null, Reduction.SUM),
                random(1, 2, 3));
        check(in -> MarginLosses.tripletMargin(in.get(0), in.get(1), in.get(2), 5, 2, 1e-6, false, Reduction.MEAN),
                random(1, 2, 3), random(2, 2, 3), random(3, 2, 3));
        check(in -> MarginLosses.cosineEmbedding(in.get(0), in.get(1), integers(1, 1), 0, Reduction.SUM),
                random(1, 2, 3), random(2, 2, 3));
        check(in -> MarginLosses.gaussianNll(in.get(0), vector(1, 2), in.get(1), true, 1e-6, Reduction.MEAN),
                random(1, 2), uniform(2, 1, 2, 2));
        fails(() -> MarginLosses.multiMargin(x, integers(1), 3, 1, null, NONE), "multi_margin_loss", "1 or 2");
        fails(() -> MarginLosses.gaussianNll(x, x, x.neg(), false, 1e-6, NONE), "gaussian_nll_loss", "negative");
    }

    /// The sum over all paths that spell the target: labels in a row are one, blanks (0) are dropped.
    private static double ctc(double[][] p, int... target) {
        int classes = p[0].length;
        double sum = 0;
        for (int path = 0; path < Math.pow(classes, p.length); path++) {
            int rest = path;
            int before = 0;
            double product = 1;
            StringBuilder spelt = new StringBuilder();
            for (double[] step : p) {
                int c = rest % classes;
                rest /= classes;
                product *= step[c];
                if (c != 0 && c != before) {
                    spelt.append(c).append(' ');
                }
                before = c;
            }
            StringBuilder wanted = new StringBuilder();
            for (int t : target) {
                wanted.append(t).append(' ');
            }
            sum += spelt.compareTo(wanted) == 0 ? product : 0;
        }
        return -Math.log(sum);
    }

    @Test
    void connectionistTemporalClassification() {
        Tensor logp = random(1, 5, 2, 3).logSoftmax(-1);
        double[] v = logp.exp().toDoubleArray();
        double[][][] p = new double[2][5][3];
        for (int i = 0; i < v.length; i++) {
            p[i / 3 % 2][i / 6][i % 3] = v[i];
        }
        double first = ctc(p[0], 1, 1);
        double second = ctc(Arrays.copyOf(p[1], 4), 2);
        Tensor steps = integers(5, 4);
        Tensor lengths = integers(2, 1);
        Tensor padded = integers(Shape.of(2, 2), 1, 1, 2, 0);
        values(Ctc.loss(logp, padded, steps, lengths, 0, NONE, false), first, second);
        values(Ctc.loss(logp, integers(1, 1, 2), steps, lengths, 0, Reduction.MEAN, false), (first / 2 + second) / 2);
        values(Ctc.loss(logp, padded, integers(2, 4), lengths, 0, NONE, false), Double.POSITIVE_INFINITY, second);
        values(Ctc.loss(logp, padded, integers(2, 4), lengths, 0, NONE, true), 0, second);
        check(in -> Ctc.loss(in.getFirst().logSoftmax(-1), padded, steps, lengths, 0, Reduction.SUM, false),
                random(1, 5, 2, 3));
        fails(() -> Ctc.loss(logp, padded, integers(6, 4), lengths, 0, NONE, false), "ctc_loss", "6 steps",
                "at most 5");
        fails(() -> Ctc.loss(logp, padded, steps, integers(3, 1), 0, NONE, false), "ctc_loss", "3 labels");
        fails(() -> Ctc.loss(logp, padded, steps, lengths, 3, NONE, false), "ctc_loss", "blank 3", "0 to 2");
        fails(() -> Ctc.loss(logp, padded, integers(5), lengths, 0, NONE, false), "ctc_loss", "1 input lengths");
    }

    @Test
    void transposedConvolutionIsTheTranspose() {
        ConvOptions options = new ConvOptions().stride(2).padding(1);
        Tensor w = random(1, 2, 3, 3, 3);
        Tensor x = random(2, 1, 3, 5, 5);
        Tensor y = random(3, 1, 2, 3, 3);
        same(Convs.conv2d(x, w, null, options).mul(y).sum(),
                Transposed.convTranspose(2, y, w, null, options).mul(x).sum());
        values(Transposed.convTranspose(1, of(Shape.of(1, 1, 2), 1, 10), of(Shape.of(1, 1, 3), 1, 2, 3), vector(100),
                new ConvOptions().stride(2), 1), 101, 102, 113, 120, 130, 100);
        check(in -> Transposed.convTranspose(1, in.get(0), in.get(1), in.get(2), new ConvOptions().stride(2)),
                random(1, 1, 2, 3), random(2, 2, 1, 2), random(3, 1));
        values(Transposed.unfold(ramp(1, 1, 2, 3), List.of(2), new ConvOptions()), 0, 1, 1, 2, 3, 4, 4, 5);
        values(Transposed.fold(Tensors.onesLike(ramp(1, 4, 2)), List.of(2, 3), List.of(2), new ConvOptions()),
                1, 2, 1, 1, 2, 1);
        check(in -> Transposed.fold(Transposed.unfold(in.getFirst(), List.of(2), options).square(), List.of(3),
                List.of(2), options), random(1, 1, 2, 3, 3));
        fails(() -> Transposed.convTranspose(1, ramp(1, 2, 3), ramp(1, 1, 2), null, options), "takes 1 channels");
        fails(() -> Transposed.convTranspose(1, ramp(1, 1, 3), ramp(1, 1, 2), null, options, 2), "output padding");
        fails(() -> Transposed.fold(ramp(1, 4, 3), List.of(2, 3), List.of(2), new ConvOptions()), "fold", "[1, 4, 3]");
    }

    @Test
    void resizing() {
        Tensor x = vector(0, 10, 20).reshape(1, 1, 3);
        values(Resizing.interpolate(x, List.of(6), Resizing.Mode.NEAREST, false), 0, 0, 10, 10, 20, 20);
        values(Resizing.interpolate(x, List.of(2), Resizing.Mode.NEAREST_EXACT, false), 0, 20);
        values(Resizing.interpolate(x, List.of(5), Resizing.Mode.LINEAR, true), 0, 5, 10, 15, 20);
        values(Resizing.interpolate(x, new double[] {2}, Resizing.Mode.LINEAR, false, false), 0, 2.5, 7.5, 12.5, 17.5,
                20);
        values(Resizing.interpolate(ramp(1, 1, 4), List.of(2), Resizing.Mode.AREA, false), 0.5, 2.5);
        Tensor flat = Tensors.onesLike(ramp(1, 1, 3, 3));
        same(Tensors.onesLike(ramp(1, 1, 5, 4)), Resizing.interpolate(flat, List.of(5, 4), Resizing.Mode.BICUBIC,
                false));
        for (Resizing.Mode mode : Resizing.Mode.values()) {
            check(in -> Resizing.interpolate(in.getFirst(), List.of(3, 5), mode, false), random(1, 1, 1, 4, 3));
        }
        values(Resizing.pixelShuffle(ramp(4, 1, 2), 2), 0, 2, 1, 3, 4, 6, 5, 7);
        same(ramp(4, 1, 2), Resizing.pixelUnshuffle(Resizing.pixelShuffle(ramp(4, 1, 2), 2), 2));
        fails(() -> Resizing.pixelShuffle(ramp(3, 1, 2), 2), "pixel_shuffle", "factor 2");
        fails(() -> Resizing.interpolate(x, List.of(0), Resizing.Mode.LINEAR, false), "interpolate", "at least 1");
        fails(() -> Resizing.interpolate(x, List.of(4), Resizing.Mode.BICUBIC, false), "interpolate", "BICUBIC");
    }

    @Test
    void gridSampling() {
        Tensor x = ramp(1, 1, 2, 3);
        Tensor grid = of(Shape.of(1, 1, 3, 2), -1, -1, 0, 0, 2, 1);
        GridSampling.Mode linear = GridSampling.Mode.BILINEAR;
        values(GridSampling.gridSample(x, grid, linear, Outside.ZEROS, true), 0, 2.5, 0);
        values(GridSampling.gridSample(x, grid, linear, Outside.BORDER, true), 0, 2.5, 5);
        values(GridSampling.gridSample(x, grid, linear, Outside.REFLECTION, true), 0, 2.5, 4);
        values(GridSampling.gridSample(x, grid, linear, Outside.ZEROS, false), 0, 2.5, 0);
        values(GridSampling.gridSample(x, of(Shape.of(1, 1, 1, 2), 0.9, -0.9), GridSampling.Mode.NEAREST, Outside.ZEROS,
                true), 2);
        for (GridSampling.Mode mode : List.of(linear, GridSampling.Mode.BICUBIC)) {
            check(in -> GridSampling.gridSample(in.get(0), in.get(1), mode, Outside.BORDER, false),
                    random(1, 1, 2, 3, 3), uniform(2, -0.6, 0.6, 1, 2, 1, 2));
        }
        fails(() -> GridSampling.gridSample(x, ramp(1, 1, 1, 3), linear, Outside.ZEROS, true), "grid_sample");
    }

    @Test
    void adaptivePools() {
        ValuesAndIndices most = AdaptivePools.adaptiveMaxPool(1, vector(5, 1, 4, 9, 2).reshape(1, 1, 5), List.of(3));
        // The windows are 0 to 1, 1 to 3 and 3 to 4.
        values(most.values(), 5, 9, 9);
        longs(most.indices(), 0, 3, 3);
        values(AdaptivePools.maxUnpool(vector(7, 8).reshape(1, 1, 2), integers(Shape.of(1, 1, 2), 3, 0), Shape.of(4)),
                8, 0, 0, 7);
        check(in -> AdaptivePools.adaptiveMaxPool(2, in.getFirst(), List.of(2, 3)).values(), random(1, 1, 2, 3, 4));
        fails(() -> AdaptivePools.adaptiveMaxPool(1, vector(1), List.of(1)), "adaptive_max_pool1d");
        fails(() -> AdaptivePools.maxUnpool(ramp(1, 1, 2), integers(1), Shape.of(4)), "max_unpool", "one shape");
    }

    @Test
    void attentions() {
        Tensor q = random(1, 2, 3);
        Tensor k = random(2, 4, 3);
        Tensor v = random(3, 4, 2);
        double[][] scores = new double[2][4];
        double[] expected = new double[4];
        for (int i = 0; i < 2; i++) {
            double sum = 0;
            for (int j = 0; j < 4; j++) {
                for (int c = 0; c < 3; c++) {
                    scores[i][j] += q.get(i, c).item() * k.get(j, c).item() / Math.sqrt(3);
                }
                // Causal: query 0 sees key 0, query 1 also key 1.
                scores[i][j] = j > i ? 0 : Math.exp(scores[i][j]);
                sum += scores[i][j];
            }
            for (int j = 0; j < 4; j++) {
                for (int c = 0; c < 2; c++) {
                    expected[2 * i + c] += scores[i][j] / sum * v.get(j, c).item();
                }
            }
        }
        Attentions.Attended a = Attentions.scaledDotProduct(q, k, v, null, true, 0);
        near(Shape.of(2, 2), expected, a.output());
        Tensor mask = ramp(1, 4).le(ramp(2, 1));
        same(a.output(), Attentions.scaledDotProduct(q, k, v, mask, false, 0).output());
        check(in -> Attentions.scaledDotProduct(in.get(0), in.get(1), in.get(2), null, false, 0).output(), q, k, v);
        Tensor eye = Tensors.cat(0, vector(1, 1).diag(0), vector(1, 1).diag(0), vector(1, 1).diag(0));
        Tensor x = random(4, 1, 3, 2);
        same(Attentions.scaledDotProduct(x, x, x, null, false, 0).output(), Attentions.multiHead(x, x, x, 1, eye, null,
                vector(1, 1).diag(0), null, null, null, 0).output());
        check(in -> Attentions.multiHead(in.get(0), in.get(0), in.get(0), 2, in.get(1), null, in.get(2), null, null,
                null,
                0).output(), x, random(5, 6, 2), random(6, 2, 2));
        fails(() -> Attentions.scaledDotProduct(q, k, v, mask, true, 0), "both a mask and causal");
        fails(() -> Attentions.multiHead(x, x, x, 3, eye, null, eye, null, null, null, 0), "3 heads", "divisor");
    }

    @Test
    void recurrences() {
        Tensor one = of(Shape.of(1, 1), 1);
        Recurrences.State zero = new Recurrences.State(of(Shape.of(1, 1), 0), of(Shape.of(1, 1), 0));
        Tensor x = vector(0.5, -1).reshape(2, 1, 1);
        double h = Math.tanh(0.5);
        Recurrences.Cell rnn = Recurrences.rnn(Tensor::tanh);
        Recurrences.Weights w = new Recurrences.Weights(one, one, null, null);
        values(Recurrences.layer(rnn, x, zero, w, false).outputs(), h, Math.tanh(-1 + h));
        values(Recurrences.layer(rnn, x, zero, w, true).outputs(), Math.tanh(0.5 + Math.tanh(-1)), Math.tanh(-1));
        double s = 1 / (1 + Math.exp(-0.5));
        Recurrences.Weights four = new Recurrences.Weights(one.expand(4, 1), one.expand(4, 1), null, null);
        Recurrences.State lstm = Recurrences.step(Recurrences.LSTM, x.select(0, 0), zero, four);
        values(lstm.hidden(), s * Math.tanh(s * h));
        Recurrences.Weights three = new Recurrences.Weights(one.expand(3, 1), one.expand(3, 1), null, null);
        values(Recurrences.step(Recurrences.GRU, x.select(0, 0), zero, three).hidden(), (1 - s) * h);
        for (Recurrences.Cell cell : List.of(rnn, Recurrences.GRU, Recurrences.LSTM)) {
            int gates = cell == rnn ? 1 : cell == Recurrences.GRU ? 3 : 4;
            check(in -> Recurrences.layer(cell, in.get(0), new Recurrences.State(in.get(1), in.get(1)),
                    new Recurrences.Weights(in.get(2), in.get(3), null, null), false).outputs(),
                    random(1, 2, 1, 2), random(2, 1, 2), random(3, 2 * gates, 2), random(4, 2 * gates, 2));
        }
        fails(() -> Recurrences.step(Recurrences.LSTM, x.select(0, 0), new Recurrences.State(one, null), four), "lstm");
    }

    @Test
    void bags() {
        Tensor table = of(Shape.of(3, 2), 1, 2, 10, 20, 100, 5);
        Tensor index = integers(0, 2, 1);
        Tensor offsets = integers(0, 2, 2);
        OptionalLong none = OptionalLong.empty();
        values(Bags.embeddingBag(index, table, offsets, Bags.Mode.SUM, null, false, none), 101, 7, 0, 0, 10, 20);
        values(Bags.embeddingBag(index, table, integers(0, 2, 3), Bags.Mode.MEAN, null, true, none), 50.5, 3.5, 10, 20);
        values(Bags.embeddingBag(index, table, offsets, Bags.Mode.MAX, null, false, none), 100, 5, 0, 0, 10, 20);
        values(Bags.embeddingBag(index, table, offsets, Bags.Mode.SUM, vector(2, 1, 0.5), false, none),
                102, 9, 0, 0, 5, 10);
        values(Bags.embeddingBag(index, table, offsets, Bags.Mode.MEAN, null, false, OptionalLong.of(-1)),
                1, 2, 0, 0, 10, 20);
        for (Bags.Mode mode : Bags.Mode.values()) {
            check(in -> Bags.embeddingBag(index, in.getFirst(), offsets, mode, null, false, none), random(1, 3, 2));
        }
        fails(() -> Bags.embeddingBag(index, table, null, Bags.Mode.SUM, null, false, none), "embedding_bag",
                "offsets");
    }
}
