package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.autograd.Gradients;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.loss.CTCLoss;
import dev.tenon.nn.loss.CosineEmbeddingLoss;
import dev.tenon.nn.loss.GaussianNLLLoss;
import dev.tenon.nn.loss.HingeEmbeddingLoss;
import dev.tenon.nn.loss.MarginRankingLoss;
import dev.tenon.nn.loss.MultiLabelMarginLoss;
import dev.tenon.nn.loss.MultiLabelSoftMarginLoss;
import dev.tenon.nn.loss.MultiMarginLoss;
import dev.tenon.nn.loss.PoissonNLLLoss;
import dev.tenon.nn.loss.TripletMarginLoss;
import dev.tenon.nn.loss.TripletMarginWithDistanceLoss;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Losses against plain loops over doubles, and their gradients against finite differences.
class MarginLossTest {
    private static final int N = 3;
    private static final int C = 4;
    private static final Tensor X = random(1, N, C);
    private static final Tensor Y = random(2, N, C);
    private static final Tensor Z = random(3, N, C);
    private static final double[][] XS = rows(X);
    private static final double[][] YS = rows(Y);
    private static final double[][] ZS = rows(Z);

    private static Tensor random(long seed, long... dims) {
        return Tensors.randn(Shape.of(dims), DType.F64, Device.getDefault(), new Generator(seed));
    }

    private static double[][] rows(Tensor t) {
        double[] flat = t.toDoubleArray();
        double[][] out = new double[(int) t.size(0)][(int) t.size(1)];
        for (int i = 0; i < flat.length; i++) {
            out[i / out[0].length][i % out[0].length] = flat[i];
        }
        return out;
    }

    private interface ByNumber {
        double at(int i);
    }

    private static void check(int n, ByNumber expected, Tensor actual) {
        double[] e = new double[n];
        for (int i = 0; i < n; i++) {
            e[i] = expected.at(i);
        }
        assertArrayEquals(e, actual.toDoubleArray(), 1e-12);
    }

    @Test
    void poisson() {
        Tensor counts = Y.abs().mul(3).round();
        double[][] k = rows(counts);
        PoissonNLLLoss log = new PoissonNLLLoss(Reduction.NONE, true, false, 1e-8);
        check(N * C, i -> Math.exp(XS[i / C][i % C]) - k[i / C][i % C] * XS[i / C][i % C], log.call(X, counts));
        Tensor mean = X.abs();
        PoissonNLLLoss full = new PoissonNLLLoss(Reduction.NONE, false, true, 1e-4);
        check(N * C, i -> {
            double m = Math.abs(XS[i / C][i % C]);
            double n = k[i / C][i % C];
            double stirling = n > 1 ? n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) : 0;
            return m - n * Math.log(m + 1e-4) + stirling;
        }, full.call(mean, counts));
        Gradients.gradCheck(in -> full.call(in.get(0).abs(), counts), X);
        Gradients.gradCheck(in -> new PoissonNLLLoss().call(in.get(0), counts), X);
    }

    @Test
    void gaussian() {
        Tensor var = Z.abs().add(0.1);
        GaussianNLLLoss full = new GaussianNLLLoss(Reduction.NONE, true, 1e-6);
        check(N * C, i -> {
            double v = Math.abs(ZS[i / C][i % C]) + 0.1;
            double d = XS[i / C][i % C] - YS[i / C][i % C];
            return 0.5 * (Math.log(v) + d * d / v) + 0.5 * Math.log(2 * Math.PI);
        }, full.call(X, Y, var));
        Gradients.gradCheck(in -> new GaussianNLLLoss().call(in.get(0), in.get(1), in.get(2)), X, Y, var);
        assertThrows(TensorException.class, () -> full.call(X, Y, var.neg()));
    }

    @Test
    void hingeRankingAndCosine() {
        Tensor signs = Tensors.of(1.0, -1.0, 1.0);
        double[] s = {1, -1, 1};
        Tensor x = X.select(1, 0);
        Tensor y = Y.select(1, 0);
        check(N, i -> s[i] == 1 ? XS[i][0] : Math.max(0, 0.7 - XS[i][0]),
                new HingeEmbeddingLoss(Reduction.NONE, 0.7).call(x, signs));
        check(N, i -> Math.max(0, -s[i] * (XS[i][0] - YS[i][0]) + 0.3),
                new MarginRankingLoss(Reduction.NONE, 0.3).call(x, y, signs));
        CosineEmbeddingLoss cosine = new CosineEmbeddingLoss(Reduction.NONE, -0.5);
        check(N, i -> {
            double xy = 1e-300;
            double xx = 1e-12;
            double yy = 1e-12;
            for (int c = 0; c < C; c++) {
                xy += XS[i][c] * YS[i][c];
                xx += XS[i][c] * XS[i][c];
                yy += YS[i][c] * YS[i][c];
            }
            double cos = xy / Math.sqrt(xx * yy);
            return s[i] == 1 ? 1 - cos : Math.max(0, cos + 0.5);
        }, cosine.call(X, Y, signs));
        Gradients.gradCheck(in -> new HingeEmbeddingLoss().call(in.get(0), signs), x);
        Gradients.gradCheck(in -> new MarginRankingLoss(Reduction.SUM, 0.3).call(in.get(0), in.get(1), signs),
                x, y);
        Gradients.gradCheck(in -> cosine.call(in.get(0), in.get(1), signs), X, Y);
    }

    @Test
    void margins() {
        Tensor classes = Tensors.of(2L, 0L, 3L);
        int[] t = {2, 0, 3};
        double[] w = {1, 2, 3, 4};
        Tensor weight = Tensors.of(w);
        for (int p = 1; p <= 2; p++) {
            int power = p;
            MultiMarginLoss loss = new MultiMarginLoss(Reduction.NONE, p, 0.8, weight);
            check(N, i -> {
                double sum = 0;
                for (int c = 0; c < C; c++) {
                    sum += c == t[i] ? 0 : w[t[i]] * Math.pow(Math.max(0, 0.8 - XS[i][t[i]] + XS[i][c]), power);
                }
                return sum / C;
            }, loss.call(X, classes));
            Gradients.gradCheck(in -> loss.call(in.get(0), classes), X);
        }
        // What follows the first -1 does not count.
        int[][] listed = {{1, 3, -1, 0}, {-1, 2, 1, 0}, {0, 1, 2, 3}};
        Tensor labels = Tensors.of(1L, 3L, -1L, 0L, -1L, 2L, 1L, 0L, 0L, 1L, 2L, 3L).reshape(N, C);
        MultiLabelMarginLoss multi = new MultiLabelMarginLoss(Reduction.NONE);
        check(N, i -> {
            List<Integer> targets = new ArrayList<>();
            for (int c = 0; c < C && listed[i][c] >= 0; c++) {
                targets.add(listed[i][c]);
            }
            double sum = 0;
            for (int a : targets) {
                for (int c = 0; c < C; c++) {
                    sum += targets.contains(c) ? 0 : Math.max(0, 1 - (XS[i][a] - XS[i][c]));
                }
            }
            return sum / C;
        }, multi.call(X, labels));
        Gradients.gradCheck(in -> multi.call(in.get(0), labels), X);
        Tensor truth = Y.gt(0).to(DType.F64);
        MultiLabelSoftMarginLoss soft = new MultiLabelSoftMarginLoss(Reduction.NONE, weight);
        check(N, i -> {
            double sum = 0;
            for (int c = 0; c < C; c++) {
                double q = 1 / (1 + Math.exp(-XS[i][c]));
                sum -= w[c] * (YS[i][c] > 0 ? Math.log(q) : Math.log(1 - q));
            }
            return sum / C;
        }, soft.call(X, truth));
        Gradients.gradCheck(in -> soft.call(in.get(0), truth), X);
    }

    private static double distance(double[] a, double[] b, double p) {
        double sum = 0;
        for (int c = 0; c < C; c++) {
            sum += Math.pow(Math.abs(a[c] - b[c] + 1e-6), p);
        }
        return Math.pow(sum, 1 / p);
    }

    @Test
    void triplets() {
        for (double p : new double[] {1, 2, 3}) {
            for (boolean swap : new boolean[] {false, true}) {
                TripletMarginLoss loss = new TripletMarginLoss(Reduction.NONE, 2, p, 1e-6, swap);
                check(N, i -> {
                    double far = distance(XS[i], ZS[i], p);
                    far = swap ? Math.min(far, distance(YS[i], ZS[i], p)) : far;
                    return Math.max(0, distance(XS[i], YS[i], p) - far + 2);
                }, loss.call(X, Y, Z));
                Gradients.gradCheck(in -> loss.call(in.get(0), in.get(1), in.get(2)), X, Y, Z);
            }
        }
        TripletMarginWithDistanceLoss largest = new TripletMarginWithDistanceLoss(Reduction.SUM,
                (a, b) -> a.sub(b).abs().amax(new int[] {1}, false), 1, false);
        double sum = 0;
        for (int i = 0; i < N; i++) {
            double near = 0;
            double far = 0;
            for (int c = 0; c < C; c++) {
                near = Math.max(near, Math.abs(XS[i][c] - YS[i][c]));
                far = Math.max(far, Math.abs(XS[i][c] - ZS[i][c]));
            }
            sum += Math.max(0, near - far + 1);
        }
        assertEquals(sum, largest.call(X, Y, Z).item(), 1e-12);
        assertEquals(new TripletMarginLoss().call(X, Y, Z).item(),
                new TripletMarginWithDistanceLoss().call(X, Y, Z).item());
    }

    // --- CTC

    /// The sum over all paths of the probability, those that spell the target after merging and dropping blanks.
    private static double brute(double[][] logp, int steps, List<Integer> target, int blank) {
        int classes = logp[0].length;
        double total = 0;
        for (int path = 0; path < Math.pow(classes, steps); path++) {
            List<Integer> spelled = new ArrayList<>();
            double sum = 0;
            int rest = path;
            int before = -1;
            for (int t = 0; t < steps; t++) {
                int c = rest % classes;
                rest /= classes;
                sum += logp[t][c];
                if (c != blank && c != before) {
                    spelled.add(c);
                }
                before = c;
            }
            total += spelled.equals(target) ? Math.exp(sum) : 0;
        }
        return -Math.log(total);
    }

    private static final int TIME = 5;
    private static final Tensor LOGITS = random(9, TIME, 4, 3);
    private static final Tensor STEPS = Tensors.of(5L, 4L, 3L, 5L);
    private static final Tensor LENGTHS = Tensors.of(2L, 2L, 0L, 1L);

    private static double[] expected(int blank, int[][] labels) {
        double[] out = new double[4];
        for (int n = 0; n < 4; n++) {
            List<Integer> target = new ArrayList<>();
            for (int l : labels[n]) {
                target.add(l);
            }
            out[n] = brute(rows(LOGITS.logSoftmax(2).select(1, n)), (int) STEPS.toLongArray()[n], target, blank);
        }
        return out;
    }

    @Test
    void ctcIsTheSumOverAllAlignments() {
        for (int blank : new int[] {0, 2}) {
            int a = blank == 0 ? 1 : 0;
            int b = blank == 0 ? 2 : 1;
            // Twice the same label needs a blank between; one target is empty.
            int[][] labels = {{a, b}, {b, b}, {}, {a}};
            Tensor padded = Tensors.of(new long[] {a, b, b, b, blank, blank, a, blank}, Shape.of(4, 2),
                    Device.getDefault());
            Tensor joined = Tensors.of(new long[] {a, b, b, b, a}, Shape.of(5), Device.getDefault());
            double[] e = expected(blank, labels);
            CTCLoss none = new CTCLoss(Reduction.NONE, blank, false);
            for (Tensor targets : List.of(padded, joined)) {
                assertArrayEquals(e, none.call(LOGITS.logSoftmax(2), targets, STEPS, LENGTHS).toDoubleArray(), 1e-10);
                assertEquals((e[0] / 2 + e[1] / 2 + e[2] + e[3]) / 4, new CTCLoss(Reduction.MEAN, blank, false)
                        .call(LOGITS.logSoftmax(2), targets, STEPS, LENGTHS).item(), 1e-10);
                assertEquals(e[0] + e[1] + e[2] + e[3], new CTCLoss(Reduction.SUM, blank, false)
                        .call(LOGITS.logSoftmax(2), targets, STEPS, LENGTHS).item(), 1e-10);
            }
            Gradients.gradCheck(in -> none.call(in.get(0).logSoftmax(2), padded, STEPS, LENGTHS), LOGITS);
        }
    }

    @Test
    void impossibleAlignments() {
        Tensor logp = LOGITS.logSoftmax(2).narrow(1, 0, 2).clone().requiresGrad(true);
        Tensor targets = Tensors.of(new long[] {1, 1, 1, 1, 2, 1}, Shape.of(2, 3), Device.getDefault());
        Tensor steps = Tensors.of(4L, 5L);
        Tensor lengths = Tensors.of(3L, 3L);
        Tensor loss = new CTCLoss(Reduction.NONE, 0, false).call(logp, targets, steps, lengths);
        assertTrue(Double.isInfinite(loss.toDoubleArray()[0]) && loss.toDoubleArray()[0] > 0);
        assertTrue(Double.isFinite(loss.toDoubleArray()[1]));
        Tensor zero = new CTCLoss(Reduction.SUM, 0, true).call(logp, targets, steps, lengths);
        assertEquals(loss.toDoubleArray()[1], zero.item(), 1e-12);
        zero.backward();
        Tensor g = logp.grad();
        assertTrue(g != null && Arrays.stream(g.toDoubleArray()).allMatch(Double::isFinite));
        assertEquals(0, g.select(1, 0).abs().max().item());
        // No steps at all spell nothing.
        double[] empty = new CTCLoss(Reduction.NONE, 0, false)
                .call(logp, targets, Tensors.of(0L, 0L), Tensors.of(0L, 1L)).toDoubleArray();
        assertArrayEquals(new double[] {0, Double.POSITIVE_INFINITY}, empty);
        CTCLoss ctc = new CTCLoss();
        assertThrows(TensorException.class, () -> ctc.call(logp, targets, Tensors.of(6L, 5L), lengths));
        assertThrows(TensorException.class, () -> ctc.call(logp, targets, steps, Tensors.of(3L, 4L)));
        assertThrows(TensorException.class, () -> ctc.call(logp, Tensors.of(1L, 2L), steps, lengths));
    }
}
