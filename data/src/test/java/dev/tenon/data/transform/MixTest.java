package dev.tenon.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Shape;
import dev.tenon.data.Batch;
import dev.tenon.data.BatchTransform;
import dev.tenon.data.DataLoader;
import dev.tenon.data.DataLoaderException;
import dev.tenon.data.Dataset;
import dev.tenon.data.HostArray;
import dev.tenon.data.Sample;
import dev.tenon.data.image.ImageDataset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Batch transforms, and per-sample ones in a loader.
class MixTest {
    /// Image i is 2 x 6 x 5 of the value i + 1, its label is i.
    private static Dataset<Sample> images(int n) {
        Shape shape = Shape.of(2, 6, 5);
        byte[] pixels = new byte[n * 60];
        int[] labels = new int[n];
        List<String> names = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            Arrays.fill(pixels, i * 60, i * 60 + 60, (byte) (i + 1));
            labels[i] = i;
            names.add("" + i);
        }
        return new ImageDataset("flat", pixels, labels, shape, names);
    }

    private static Dataset<Sample> floats(int n) {
        return images(n).transform((s, random) -> {
            float[] x = new ToTensor().apply(s.input(), random).toFloatArray();
            for (int i = 0; i < x.length; i++) {
                x[i] *= 255;
            }
            return new Sample(HostArray.of(x, s.input().shape()), s.target());
        }).transform(new OneHot(n));
    }

    private static Batch first(Dataset<Sample> data, BatchTransform mix, long seed) {
        try (DataLoader loader = DataLoader.builder(data).batchSize(4).seed(seed).transform(mix).build()) {
            return loader.epoch(0).next();
        }
    }

    @Test
    void mixupBlendsInputsAndTargetsAlike() {
        double sum = 0;
        for (int seed = 0; seed < 30; seed++) {
            try (Batch b = first(floats(4), new Mixup(1), seed)) {
                float[] x = b.input().toFloatArray();
                float[] y = b.target().toFloatArray();
                float lambda = y[0];
                sum += lambda;
                for (int row = 0; row < 4; row++) {
                    int other = (row + 3) % 4;
                    assertEquals(lambda * (row + 1) + (1 - lambda) * (other + 1), x[row * 60 + 17], 1e-5);
                    float[] target = new float[4];
                    target[row] = lambda;
                    target[other] = 1 - lambda;
                    assertArrayEquals(target, Arrays.copyOfRange(y, row * 4, row * 4 + 4), 1e-6f);
                }
            }
        }
        // uniform: deviation about 0.053
        assertEquals(0.5, sum / 30, 0.26);
    }

    @Test
    void cutMixPastesRectanglesAndCountsThem() {
        int cut = 0;
        for (int seed = 0; seed < 30; seed++) {
            try (Batch b = first(floats(4), new CutMix(1), seed)) {
                float[] x = b.input().toFloatArray();
                float[] y = b.target().toFloatArray();
                for (int row = 0; row < 4; row++) {
                    int other = (row + 3) % 4;
                    int pasted = 0;
                    for (int i = row * 60; i < row * 60 + 30; i++) {
                        assertEquals(x[i], x[i + 30]);
                        assertTrue(x[i] == row + 1 || x[i] == other + 1);
                        pasted += x[i] == other + 1 ? 1 : 0;
                    }
                    assertEquals(pasted / 30.0, y[row * 4 + other], 1e-5);
                    assertEquals(1 - pasted / 30.0, y[row * 4 + row], 1e-5);
                    cut += pasted > 0 ? 1 : 0;
                }
            }
        }
        assertTrue(cut > 40, "" + cut);
    }

    @Test
    void oneSampleIsLeftAlone() {
        for (BatchTransform t : List.of(new Mixup(0.4), new CutMix(0.4))) {
            try (Batch b = first(floats(1), t, 3)) {
                assertArrayEquals(new float[] {1}, b.target().toFloatArray());
                assertEquals(1, b.input().toFloatArray()[0]);
            }
        }
    }

    @Test
    void betaHasItsMoments() {
        for (double alpha : new double[] {0.2, 1, 4}) {
            SplittableRandom random = new SplittableRandom(9);
            double sum = 0;
            double squares = 0;
            int n = 40_000;
            for (int i = 0; i < n; i++) {
                double x = Draws.beta(random, alpha);
                assertTrue(x >= 0 && x <= 1);
                sum += x;
                squares += (x - 0.5) * (x - 0.5);
            }
            assertEquals(0.5, sum / n, 0.01);
            assertEquals(1 / (4 * (2 * alpha + 1)), squares / n, 0.003, "variance for " + alpha);
        }
    }

    @Test
    void batchesThatCannotBeMixedAreRefused() {
        for (BatchTransform t : List.of(new Mixup(1), new CutMix(1))) {
            for (Dataset<Sample> bad : List.of(images(4), images(4).transform(new ToTensor()),
                    images(4).transform(new OneHot(4)))) {
                String m = assertThrows(DataLoaderException.class, () -> first(bad, t, 0).close()).getMessage();
                assertTrue(m.contains("ToTensor") && m.contains("OneHot"), m);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> new Mixup(0));
        assertThrows(IllegalArgumentException.class, () -> new CutMix(Double.POSITIVE_INFINITY));
    }

    @Test
    void augmentedBatchesAreTheSameWhateverTheNumberOfWorkers() {
        Dataset<Sample> data = images(30).transform(Transform.compose(new RandomCrop(6, 2), new RandomHorizontalFlip(),
            new ToTensor(), new RandomErasing(0.5))).transform(new OneHot(30));
        Dataset<Sample> cached = images(30).cache(1 << 20).transform(Transform.compose(new RandomCrop(6, 2),
            new RandomHorizontalFlip(), new ToTensor(), new RandomErasing(0.5))).transform(new OneHot(30));
        List<String> want = null;
        for (Dataset<Sample> d : List.of(data, cached)) {
            for (int workers = 0; workers <= 4; workers++) {
                List<String> got = new ArrayList<>();
                try (DataLoader loader = DataLoader.builder(d).batchSize(7).shuffle(2).workers(workers)
                        .transform(new Mixup(0.4)).build()) {
                    for (int epoch = 0; epoch < 2; epoch++) {
                        for (Batch b : loader) {
                            try (b) {
                                got.add(Arrays.toString(b.input().toFloatArray())
                                    + Arrays.toString(b.target().toFloatArray()));
                            }
                        }
                    }
                }
                want = want == null ? got : want;
                assertEquals(want, got, workers + " workers");
            }
        }
        assertEquals(10, want.size());
    }
}
