package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CombinatorTest {

    private static List<Long> all(Dataset<Long> d) throws Exception {
        List<Long> out = new ArrayList<>();
        for (long i = 0; i < d.size(); i++) {
            out.add(d.get(i));
        }
        return out;
    }

    @Test
    void fractionsAreRoundedDownAndTheRestGoesToTheFirst() {
        assertArrayEquals(new long[] {8, 2}, Splits.sizes(10, 0.8, 0.2));
        assertArrayEquals(new long[] {7, 3}, Splits.sizes(10, 0.7, 0.3));
        assertArrayEquals(new long[] {4, 3, 3}, Splits.sizes(10, 1 / 3.0, 1 / 3.0, 1 / 3.0));
        assertArrayEquals(new long[] {0, 1, 0}, Splits.sizes(1, 0, 0.5, 0.5));
        assertArrayEquals(new long[] {0, 0}, Splits.sizes(0, 0.5, 0.5));
        for (double[] bad : new double[][] {{0.5, 0.6}, {1.5, -0.5}, {Double.NaN, 1}, {}}) {
            assertThrows(IllegalArgumentException.class, () -> Splits.sizes(10, bad));
        }
    }

    @Test
    void randomSplitsByFractions() throws Exception {
        List<Dataset<Long>> parts = DatasetTest.numbers(10).randomSplit(4, 0.5, 0.3, 0.2);
        assertEquals(List.of(5L, 3L, 2L), parts.stream().map(Dataset::size).toList());
        assertEquals(all(Dataset.concat(DatasetTest.numbers(10).randomSplit(4, 5, 3, 2))), all(Dataset.concat(parts)));
    }

    @Test
    void stratifiedSplitsKeepTheClassesShares() throws Exception {
        int[] labels = IntStream.range(0, 100).map(i -> i < 80 ? 0 : i < 95 ? 1 : 7).toArray();
        List<Dataset<Long>> parts = DatasetTest.numbers(100).stratifiedSplit(labels, 3, 0.8, 0.2);
        for (int p = 0; p < 2; p++) {
            List<Long> part = all(parts.get(p));
            assertEquals(part.stream().sorted().toList(), part);
            int[] count = new int[8];
            part.forEach(i -> count[labels[i.intValue()]]++);
            assertArrayEquals(p == 0 ? new int[] {64, 12, 0, 0, 0, 0, 0, 4} : new int[] {16, 3, 0, 0, 0, 0, 0, 1},
                count);
        }
        assertEquals(all(DatasetTest.numbers(100)), all(Dataset.concat(parts)).stream().sorted().toList());
        assertEquals(all(parts.get(1)), all(DatasetTest.numbers(100).stratifiedSplit(labels, 3, 0.8, 0.2).get(1)));
        assertFalse(all(parts.get(1)).equals(all(DatasetTest.numbers(100).stratifiedSplit(labels, 4, 0.8, 0.2)
            .get(1))));
        assertThrows(IllegalArgumentException.class,
            () -> DatasetTest.numbers(99).stratifiedSplit(labels, 3, 0.8, 0.2));
    }

    @Test
    void zippedSamplesAreSideBySide() throws Exception {
        assertEquals(List.of(10L, 11L, 12L),
            all(Dataset.zip(DatasetTest.numbers(3), DatasetTest.numbers(3).map(i -> 10L), Long::sum)));
        String m = assertThrows(IllegalArgumentException.class,
            () -> Dataset.zip(DatasetTest.numbers(3), DatasetTest.numbers(4), Long::sum)).getMessage();
        assertTrue(m.contains("3 samples") && m.contains("4"), m);
    }

    @Test
    void cachedSamplesAreReadOnce() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        Dataset<Sample> slow = DatasetTest.numbers(10).map(i -> {
            reads.incrementAndGet();
            return Sample.of(new float[] {i, i}, Shape.of(2), i);
        });
        CachedDataset<Sample> cached = slow.cache(1000);
        for (int epoch = 0; epoch < 3; epoch++) {
            for (int i = 0; i < 10; i++) {
                assertEquals(i, cached.get(i).target().toLongArray()[0]);
            }
        }
        assertEquals(10, reads.get());
        assertEquals(160, cached.bytes());
        assertEquals(20, cached.hits());
        assertEquals(10, cached.misses());
        assertSame(cached.get(3), cached.get(3));
        assertThrows(IndexOutOfBoundsException.class, () -> cached.get(10));
        // room for four only
        CachedDataset<Sample> small = slow.cache(70);
        reads.set(0);
        for (int epoch = 0; epoch < 3; epoch++) {
            for (int i = 0; i < 10; i++) {
                small.get(i);
            }
        }
        assertEquals(64, small.bytes());
        assertEquals(10 + 6 + 6, reads.get());
        assertThrows(IllegalArgumentException.class, () -> DatasetTest.numbers(2).cache(8).get(0));
        assertEquals(8, DatasetTest.numbers(2).cache(8, _ -> 8).get(1) + 7);
    }

    @Test
    void manyThreadsFillOneCacheWithinItsBound() throws Exception {
        CachedDataset<Sample> cached =
            DatasetTest.numbers(500).map(i -> Sample.of(new float[] {i}, Shape.of(1), i)).cache(12 * 300);
        try (var pool = Executors.newFixedThreadPool(4)) {
            List<Callable<Boolean>> tasks = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                tasks.add(() -> {
                    for (int epoch = 0; epoch < 20; epoch++) {
                        for (int i = 0; i < 500; i++) {
                            if (cached.get(i).target().toLongArray()[0] != i) {
                                return false;
                            }
                        }
                    }
                    return true;
                });
            }
            for (Future<Boolean> f : pool.invokeAll(tasks)) {
                assertTrue(f.get());
            }
        }
        assertEquals(12 * 300, cached.bytes());
        assertEquals(4 * 20 * 500, cached.hits() + cached.misses());
    }

    /// A sample that shows what was drawn for it.
    private static Dataset<Sample> drawn(Dataset<Long> base) {
        return base.transform((i, random) ->
            Sample.of(new float[] {random.nextFloat(), random.nextFloat()}, Shape.of(2), i));
    }

    private static List<String> contents(Iterable<Batch> batches) {
        List<String> out = new ArrayList<>();
        for (Batch b : batches) {
            try (b) {
                out.add(Arrays.toString(b.input().toFloatArray()) + Arrays.toString(b.target().toLongArray()));
            }
        }
        return out;
    }

    @Test
    void randomTransformsDependOnSeedEpochAndIndexAlone() {
        List<String> want = null;
        for (int workers = 0; workers <= 4; workers++) {
            try (DataLoader loader = DataLoader.builder(drawn(DatasetTest.numbers(50))).shuffle(7).batchSize(4)
                    .workers(workers).device(TestBackend.host()).build()) {
                List<String> first = contents(loader.epoch(0));
                List<String> second = contents(loader.epoch(1));
                assertFalse(first.equals(second));
                first.addAll(second);
                want = want == null ? first : want;
                assertEquals(want, first, workers + " workers");
            }
        }
        float[][] byIndex = new float[50][];
        for (Sampler order : List.of(Sampler.sequential(50), Sampler.random(50, 99))) {
            try (DataLoader loader = DataLoader.builder(drawn(DatasetTest.numbers(50))).seed(7).batchSize(1)
                    .sampler(order).device(TestBackend.host()).build()) {
                for (Batch b : loader.epoch(3)) {
                    int i = (int) b.indices()[0];
                    float[] x = b.input().toFloatArray();
                    if (byIndex[i] == null) {
                        byIndex[i] = x;
                    } else {
                        assertArrayEquals(byIndex[i], x);
                    }
                    b.close();
                }
            }
        }
        assertEquals(50, Arrays.stream(byIndex).map(Arrays::toString).distinct().count());
    }

    @Test
    void viewsHandRandomNumbersOn() throws Exception {
        Dataset<Sample> d = drawn(DatasetTest.numbers(6));
        Dataset<Sample> view = Dataset.concat(List.of(d.range(0, 2), d.subset(5, 4))).map(s -> s);
        Dataset<float[]> zipped = Dataset.zip(view, drawn(DatasetTest.numbers(4)),
            (a, b) -> new float[] {a.input().toFloatArray()[0], b.input().toFloatArray()[0]});
        float[] x = view.get(3, HostBatch.random(1, 2, 3)).input().toFloatArray();
        var same = HostBatch.random(1, 2, 3);
        assertArrayEquals(new float[] {same.nextFloat(), same.nextFloat()}, x);
        assertArrayEquals(x, view.get(3, HostBatch.random(1, 2, 3)).input().toFloatArray());
        var four = HostBatch.random(1, 2, 3);
        float[] z = zipped.get(3, HostBatch.random(1, 2, 3));
        assertEquals(four.nextFloat(), z[0]);
        four.nextFloat();
        assertEquals(four.nextFloat(), z[1]);
        // without random numbers: always the same
        assertArrayEquals(d.get(2).input().toFloatArray(), d.get(2).input().toFloatArray());
    }

    @Test
    void failuresNameTheDataSet() {
        Dataset<Sample> named = new Dataset<>() {
            @Override
            public long size() {
                return 9;
            }

            @Override
            public Sample get(long index) {
                if (index == 4) {
                    throw new IllegalStateException("torn");
                }
                return Sample.of(new float[1], Shape.of(1), index);
            }

            @Override
            public String name() {
                return "old scans";
            }
        };
        for (int workers : new int[] {0, 2}) {
            try (DataLoader loader = DataLoader.builder(named.map(s -> s).cache(100)).workers(workers)
                    .device(TestBackend.host()).build()) {
                String m = assertThrows(DataLoaderException.class, () -> contents(loader.epoch(0))).getMessage();
                assertTrue(m.contains("sample 4 of old scans") && m.contains("torn"), m);
            }
        }
        assertEquals("a part of old scans", named.range(1, 3).name());
        assertEquals("old scans + old scans", Dataset.concat(List.of(named, named)).name());
        assertEquals("DigitsDataset", new DigitsDataset(1, 1).name());
    }

    private static Dataset<Sample> words() {
        return DatasetTest.numbers(5).map(i -> new Sample(
            HostArray.of(LongStream.rangeClosed(1, i + 1).toArray(), Shape.of(i + 1)),
            HostArray.label(i)));
    }

    @Test
    void paddedBatchesAreAsLongAsTheirLongest() {
        for (var device : List.of(TestBackend.host(), TestBackend.card())) {
            for (int workers : new int[] {0, 2}) {
                try (DataLoader loader = DataLoader.builder(words(), Collator.padded(4, -1)).batchSize(2)
                        .workers(workers).device(device).build()) {
                    List<String> got = new ArrayList<>();
                    for (Batch b : loader.epoch(0)) {
                        try (b) {
                            got.add(b.input().shape() + Arrays.toString(b.input().toLongArray())
                                + Arrays.toString(b.target().toLongArray())
                                + Arrays.toString(b.tensors().get(2).toLongArray()));
                            assertEquals(b.input().shape(), b.fields().getFirst().shape().inserted(0, b.size()));
                        }
                    }
                    assertEquals(List.of("[2, 2][1, -1, 1, 2][0, 1][1, 2]",
                        "[2, 4][1, 2, 3, -1, 1, 2, 3, 4][2, 3][3, 4]", "[1, 4][1, 2, 3, 4][4][4]"), got);
                }
            }
        }
        assertThrows(IllegalArgumentException.class, () -> Collator.padded(0, 0));
        String m = assertThrows(IllegalArgumentException.class, () -> DataLoader.builder(
            DatasetTest.numbers(2).map(i -> new Sample(HostArray.label(1), HostArray.label(1))),
            Collator.padded(3, 0))).getMessage();
        assertTrue(m.contains("scalar"), m);
    }
}
