package dev.tenon.nn.metric;

import static dev.tenon.api.Tensors.of;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricTest {
    private static final int SAMPLES = 97;
    private static final int CLASSES = 5;

    /// Scores with ties, and targets of which some do not count.
    private record Data(float[] scores, long[] targets) {
        static Data random(long seed) {
            Random r = new Random(seed);
            float[] s = new float[SAMPLES * CLASSES];
            for (int i = 0; i < s.length; i++) {
                s[i] = r.nextInt(7) / 2f + (i % CLASSES) * 1e-3f;
            }
            long[] y = r.longs(SAMPLES, 0, CLASSES - 1).toArray();
            for (int i = 0; i < SAMPLES; i += 10) {
                y[i] = -100;
            }
            return new Data(s, y);
        }

        float score(int sample, int c) {
            return scores[sample * CLASSES + c];
        }

        int decided(int sample) {
            int best = 0;
            for (int c = 1; c < CLASSES; c++) {
                best = score(sample, c) > score(sample, best) ? c : best;
            }
            return best;
        }

        /// Gives a metric the data in batches of unequal size.
        <M extends Metric> M to(M metric) {
            for (int from = 0; from < SAMPLES; from += 20) {
                int n = Math.min(20, SAMPLES - from);
                try (Scope _ = Scope.open()) {
                    metric.update(
                            Tensors.of(Arrays.copyOfRange(scores, from * CLASSES, (from + n) * CLASSES),
                                    Shape.of(n, CLASSES), Device.getDefault()),
                            of(Arrays.copyOfRange(targets, from, from + n)));
                }
            }
            return metric;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void accuracyCountsHowManyScoresAreAboveTheRightOne(int k) {
        Data d = Data.random(k);
        double right = 0;
        double counted = 0;
        for (int i = 0; i < SAMPLES; i++) {
            if (d.targets[i] >= 0) {
                int above = 0;
                for (int c = 0; c < CLASSES; c++) {
                    above += d.score(i, c) > d.score(i, (int) d.targets[i]) ? 1 : 0;
                }
                right += above < k ? 1 : 0;
                counted++;
            }
        }
        assertEquals(right / counted, d.to(new TopKAccuracy(k)).value());
        if (k == 1) {
            assertEquals(right / counted, d.to(new Accuracy()).value());
        }
    }

    @Test
    void accuracyTakesProbabilitiesAsTargetsAndPixelsAsSamples() {
        var accuracy = new Accuracy();
        accuracy.update(of(new float[][] {{1, 2}, {3, 1}, {0, 5}}), of(new float[][] {{.4f, .6f}, {.3f, .7f}, {0, 1}}));
        assertEquals(2.0 / 3, accuracy.value());
        accuracy.reset();
        assertTrue(Double.isNaN(accuracy.value()));
        // [1, 2 classes, 2, 2]: the second class is decided for where it is larger.
        accuracy.update(of(0f, 0, 0, 0, 1, -1, 1, -1).reshape(1, 2, 2, 2), of(1L, 0, 0, 0).reshape(1, 2, 2));
        assertEquals(0.75, accuracy.value());
        String said = assertThrows(IllegalArgumentException.class, () ->
                accuracy.update(of(new float[][] {{1, 2}}), of(1L, 0))).getMessage();
        assertTrue(said.contains("accuracy") && said.contains("[1, 2]") && said.contains("[1]"), said);
    }

    @Test
    void scoresThatAreNoNumbersAreNeverRight() {
        var top = new TopKAccuracy(2);
        top.update(of(new float[][] {{Float.NaN, 1, 2}, {Float.NaN, Float.NaN, Float.NaN}}), of(0L, 1));
        assertEquals(0, top.value());
    }

    @Test
    void binaryAccuracyDecidesByAThreshold() {
        var m = new BinaryAccuracy();
        m.update(of(-1f, 0, 2, 3).reshape(4, 1), of(0f, 1, 1, 0));
        assertEquals(0.5, m.value());
        var half = new BinaryAccuracy(0.5);
        half.update(of(0.4f, 0.6f, 0.5f), of(0L, 1, 0));
        assertEquals(1, half.value());
    }

    @ParameterizedTest
    @EnumSource(value = Average.class, names = {"MICRO", "MACRO", "WEIGHTED"})
    void precisionRecallAndF1AreThoseOfTheConfusionMatrix(Average average) {
        Data d = Data.random(7);
        long[][] m = new long[CLASSES][CLASSES];
        for (int i = 0; i < SAMPLES; i++) {
            if (d.targets[i] >= 0) {
                m[(int) d.targets[i]][d.decided(i)]++;
            }
        }
        assertArrayEquals(m, d.to(new ConfusionMatrix()).matrix());
        double[] sums = new double[3];
        double weights = 0;
        long[] all = new long[3];
        for (int c = 0; c < CLASSES; c++) {
            long hits = m[c][c];
            long right = Arrays.stream(m[c]).sum();
            int column = c;
            long decided = Arrays.stream(m).mapToLong(row -> row[column]).sum();
            double p = decided == 0 ? 0 : (double) hits / decided;
            double r = right == 0 ? 0 : (double) hits / right;
            double weight = average == Average.WEIGHTED ? right : right + decided > 0 ? 1 : 0;
            sums[0] += weight * p;
            sums[1] += weight * r;
            sums[2] += weight * (p + r == 0 ? 0 : 2 * p * r / (p + r));
            weights += weight;
            all[0] += hits;
            all[1] += decided;
            all[2] += right;
        }
        double micro = (double) all[0] / all[1];
        double[] expected = average == Average.MICRO ? new double[] {micro, micro, micro}
                : new double[] {sums[0] / weights, sums[1] / weights, sums[2] / weights};
        assertEquals(expected[0], d.to(new Precision(average)).value(), 1e-12);
        assertEquals(expected[1], d.to(new Recall(average)).value(), 1e-12);
        assertEquals(expected[2], d.to(new F1Score(average)).value(), 1e-12);
    }

    @Test
    void binaryAveragesAreThoseOfClassOne() {
        Tensor scores = of(2f, -1, 3, 4, -2, 5);
        Tensor targets = of(1L, 1, 0, 1, 0, 1);
        Map<Metric, Double> expected = new HashMap<>();
        expected.put(new Precision(Average.BINARY), 3.0 / 4);
        expected.put(new Recall(Average.BINARY), 3.0 / 4);
        expected.put(new F1Score(Average.BINARY), 3.0 / 4);
        expected.forEach((m, v) -> {
            m.update(scores, targets);
            assertEquals(v, m.value(), 1e-15, m.name());
        });
        assertThrows(IllegalStateException.class, () -> Data.random(1).to(new F1Score(Average.BINARY)).value());
        var none = new Precision(Average.BINARY);
        none.update(of(-1f, -2), of(1L, 0));
        assertEquals(0, none.value());
    }

    /// The share of pairs of a positive and a negative in the right order, ties one half.
    private static double pairs(double[] scores, boolean[] positive) {
        double right = 0;
        double all = 0;
        for (int i = 0; i < scores.length; i++) {
            for (int j = 0; j < scores.length; j++) {
                if (positive[i] && !positive[j]) {
                    right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
                    all++;
                }
            }
        }
        return right / all;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 5, 1000})
    void aucCountsPairsInTheRightOrder(int levels) {
        Random r = new Random(levels);
        double[] s = new double[200];
        boolean[] y = new boolean[200];
        var auc = new Auc();
        for (int from = 0; from < 200; from += 50) {
            float[] scores = new float[50];
            long[] targets = new long[50];
            for (int i = 0; i < 50; i++) {
                targets[i] = r.nextInt(3) / 2;
                scores[i] = r.nextInt(levels) + targets[i];
                s[from + i] = scores[i];
                y[from + i] = targets[i] == 1;
            }
            auc.update(of(scores), of(targets));
        }
        assertEquals(pairs(s, y), auc.value(), 1e-12);
    }

    @Test
    void aucOfSeveralClassesIsTheMeanOfEachAgainstAllOthers() {
        float[][] p = {{.7f, .2f, .1f}, {.1f, .6f, .3f}, {.31f, .29f, .4f}, {.5f, .45f, .05f}, {.2f, .21f, .59f},
            {.4f, .52f, .08f}};
        long[] y = {0, 1, 2, 1, 1, 0};
        float[] logits = new float[18];
        double[] each = new double[3];
        for (int c = 0; c < 3; c++) {
            double[] s = new double[6];
            boolean[] own = new boolean[6];
            for (int i = 0; i < 6; i++) {
                s[i] = p[i][c];
                own[i] = y[i] == c;
                logits[3 * i + c] = (float) Math.log(p[i][c]) + i;
            }
            each[c] = pairs(s, own);
        }
        var auc = new Auc();
        auc.update(of(logits).reshape(6, 3), of(y));
        auc.update(of(new float[][] {{9, 0, 0}}), of(-100L));
        assertEquals((each[0] + each[1] + each[2]) / 3, auc.value(), 1e-12);
        var two = new Auc();
        two.update(of(new float[][] {{0, 1}, {3, 1}, {2, 2}}), of(1L, 0, 1));
        assertEquals(1, two.value());
        var one = new Auc();
        one.update(of(1f, 2), of(1L, 1));
        assertTrue(Double.isNaN(one.value()));
    }

    @Test
    void errorsOfRegression() {
        Random r = new Random(3);
        int n = 50;
        double[] y = new double[2 * n];
        double[] f = new double[2 * n];
        for (int i = 0; i < y.length; i++) {
            // far from 0, where sums of squares would lose all digits in 32 bits
            y[i] = 1e6 * (1 + i % 2) + r.nextGaussian();
            f[i] = y[i] + 0.3 * r.nextGaussian();
        }
        List<Metric> metrics = List.of(new MeanAbsoluteError(), new MeanSquaredError(), new RootMeanSquaredError(),
                new R2Score());
        for (int from = 0; from < n; from += 15) {
            int to = Math.min(n, from + 15);
            Tensor out = of(Arrays.copyOfRange(f, 2 * from, 2 * to)).reshape(-1, 2);
            Tensor target = of(Arrays.copyOfRange(y, 2 * from, 2 * to)).reshape(-1, 2);
            metrics.forEach(m -> m.update(out, target));
        }
        double absolute = 0;
        double squared = 0;
        double r2 = 0;
        for (int c = 0; c < 2; c++) {
            double mean = 0;
            for (int i = c; i < y.length; i += 2) {
                mean += y[i] / n;
            }
            double errors = 0;
            double spread = 0;
            for (int i = c; i < y.length; i += 2) {
                absolute += Math.abs(y[i] - f[i]) / y.length;
                errors += (y[i] - f[i]) * (y[i] - f[i]);
                spread += (y[i] - mean) * (y[i] - mean);
            }
            squared += errors / y.length;
            r2 += (1 - errors / spread) / 2;
        }
        assertEquals(absolute, metrics.get(0).value(), 1e-9);
        assertEquals(squared, metrics.get(1).value(), 1e-9);
        assertEquals(Math.sqrt(squared), metrics.get(2).value(), 1e-9);
        assertEquals(r2, metrics.get(3).value(), 1e-7);
        assertEquals(List.of("mae", "mse", "rmse", "r2"), metrics.stream().map(Metric::name).toList());
    }

    @Test
    void perplexityIsTheNumberOfEquallyLikelySymbols() {
        var m = new Perplexity();
        m.update(Tensors.zeros(3, 7), of(0L, 6, -100));
        m.update(Tensors.zeros(2, 7, 4), Tensors.zeros(Shape.of(2, 4), DType.I64, Device.getDefault()));
        assertEquals(7, m.value(), 1e-5);
        m.reset();
        m.update(of(new float[][] {{(float) Math.log(3), 0}}), of(1L));
        assertEquals(4, m.value(), 1e-5);
    }

    @Test
    void aMeanIsWeighted() {
        var m = new Mean("loss");
        m.update(of(2f).get(0), 3);
        m.update(of(5f).get(0), 1);
        assertEquals(11.0 / 4, m.value());
        // a thousandth added ten million times would be lost in 32 bits
        m.reset();
        m.update(of(1f).get(0), 1e9);
        m.update(of(1f).get(0), 1);
        assertEquals(1, m.value());
    }

    /// Saved in the middle, restored into others, and gone on with: the same as without.
    @Test
    void whatWasGatheredCanBeSavedAndRestored() {
        Data first = Data.random(1);
        Data second = Data.random(2);
        for (int k = 0; k < 2; k++) {
            List<Metric> a = all();
            List<Metric> b = all();
            for (int i = 0; i < a.size(); i++) {
                first.to(a.get(i));
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                Map<String, String> text = new LinkedHashMap<>();
                a.get(i).save(tensors, text);
                b.get(i).load(tensors, text);
                tensors.values().forEach(Tensor::close);
                assertEquals(second.to(a.get(i)).values(), second.to(b.get(i)).values());
                assertTrue(!a.get(i).values().isEmpty());
            }
        }
    }

    private static List<Metric> all() {
        return List.of(new Accuracy(), new TopKAccuracy(2), new F1Score(), new Perplexity(), new Auc());
    }
}
