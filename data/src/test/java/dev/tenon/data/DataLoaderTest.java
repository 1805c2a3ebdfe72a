package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DataLoaderTest {

    /// Samples whose input tells their index.
    private static Dataset<Sample> counted(long n) {
        return DatasetTest.numbers(n).map(i -> Sample.of(new float[] {i, -i, i * 0.5f}, Shape.of(3), i));
    }

    private static List<String> contents(Iterable<Batch> batches) {
        List<String> out = new ArrayList<>();
        for (Batch b : batches) {
            try (b) {
                out.add(b.number() + ":" + b.input().shape() + Arrays.toString(b.input().toFloatArray())
                    + Arrays.toString(b.target().toLongArray()) + Arrays.toString(b.indices()));
            }
        }
        return out;
    }

    private static DataLoader.Builder random(Device device, int workers) {
        return DataLoader.builder(counted(103)).batchSize(8).shuffle(11).workers(workers).device(device)
            .transform((batch, random) -> {
                for (int row = 0; row < batch.size(); row++) {
                    batch.row(0, row).setAtIndex(ValueLayout.JAVA_FLOAT, 2, random.nextFloat());
                }
            });
    }

    @Test
    void batchesAreTheSameWhateverTheNumberOfWorkersAndTheDevice() {
        List<String> want;
        List<String> second;
        try (DataLoader loader = random(TestBackend.host(), 0).build()) {
            want = contents(loader.epoch(0));
            second = contents(loader.epoch(1));
            assertEquals(13, want.size());
            assertEquals(13, loader.size());
            assertFalse(want.equals(second));
        }
        for (int workers : new int[] {0, 1, 4}) {
            for (Device device : List.of(TestBackend.host(), TestBackend.card())) {
                for (boolean pin : new boolean[] {false, true}) {
                    try (DataLoader loader = random(device, workers).pinMemory(pin).build()) {
                        assertEquals(want, contents(loader), workers + " workers on " + device);
                        assertEquals(second, contents(loader), workers + " workers on " + device);
                        assertEquals(want, contents(loader.epoch(0)), workers + " workers on " + device);
                    }
                }
            }
        }
    }

    @Test
    void virtualThreadsGiveTheSame() {
        try (DataLoader a = random(TestBackend.host(), 0).build();
                DataLoader b = random(TestBackend.host(), 3).virtualThreads(true).prefetch(2).build()) {
            assertEquals(contents(a), contents(b));
        }
    }

    @Test
    void copiesRunOnAStreamOfTheirOwnFromPinnedMemory() {
        int pinned = TestBackend.PINNED.get();
        int copies = TestBackend.COPIES_ON_OWN_STREAM.get();
        try (DataLoader loader = random(TestBackend.card(), 2).pinMemory(true).prefetch(3).build()) {
            contents(loader);
            contents(loader);
        }
        assertEquals(3 * 2, TestBackend.PINNED.get() - pinned, "buffers are used again in the second epoch");
        assertEquals(2 * 13 * 2, TestBackend.COPIES_ON_OWN_STREAM.get() - copies);
    }

    @Test
    void dropLastLeavesTheRestOut() {
        try (DataLoader loader = DataLoader.builder(counted(10)).batchSize(4).dropLast(true).workers(1)
                .device(TestBackend.host()).build()) {
            assertEquals(2, contents(loader).size());
            assertEquals(8, loader.samples());
        }
    }

    @Test
    void emptyDataSetsHaveNoBatches() {
        for (int workers : new int[] {0, 2}) {
            try (DataLoader loader = DataLoader.builder(counted(0)).workers(workers).device(TestBackend.card())
                    .build()) {
                assertEquals(List.of(), contents(loader));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4})
    void aFailingSampleIsReportedInItsPlaceWithIndexAndCause(int workers) {
        IOException cause = new IOException("disk on fire");
        Dataset<Sample> base = counted(40);
        Dataset<Sample> broken = new Dataset<>() {
            @Override
            public long size() {
                return 40;
            }

            @Override
            public Sample get(long index) throws Exception {
                if (index == 17) {
                    throw cause;
                }
                return base.get(index);
            }
        };
        for (Device device : List.of(TestBackend.host(), TestBackend.card())) {
            try (DataLoader loader = DataLoader.builder(broken).batchSize(4).workers(workers).device(device).build()) {
                for (int again = 0; again < 2; again++) {
                    Epoch epoch = loader.epoch(again);
                    for (int i = 0; i < 4; i++) {
                        epoch.next().close();
                    }
                    DataLoaderException e = assertThrows(DataLoaderException.class, epoch::hasNext);
                    assertTrue(e.getMessage().contains("batch 4") && e.getMessage().contains("sample 17")
                        && e.getMessage().contains("disk on fire"), e.getMessage());
                    SampleException s = assertInstanceOf(SampleException.class, e.getCause());
                    assertEquals(17, s.index());
                    assertSame(cause, s.getCause());
                    assertFalse(epoch.hasNext(), "the epoch is closed");
                }
                assertNoThreads();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void errorsAndFailingSamplersAreCarriedToo(int workers) {
        Dataset<Sample> bad = counted(4).map(s -> {
            throw new AssertionError("bad code");
        });
        // the first sample is asked for to learn the fields
        assertThrows(AssertionError.class, () -> DataLoader.builder(bad));
        BatchSource source = new BatchSource() {
            @Override
            public long size() {
                return 4;
            }

            @Override
            public List<Field> fields() {
                return new DigitsDataset(0, 0).fields();
            }

            @Override
            public void fill(long index, HostBatch into, int row) {
                throw new AssertionError("bad code");
            }
        };
        try (DataLoader loader = DataLoader.fromSource(source).workers(workers).device(TestBackend.host()).build()) {
            assertTrue(assertThrows(DataLoaderException.class, () -> loader.epoch(0).hasNext())
                .getMessage().contains("bad code"));
        }
        Sampler broken = Samplers.of(9, _ -> LongStream.range(0, 9).map(i -> {
            if (i == 5) {
                throw new IllegalStateException("no order");
            }
            return i;
        }).iterator());
        try (DataLoader loader = DataLoader.builder(counted(9)).sampler(broken).batchSize(2).workers(workers)
                .device(TestBackend.host()).build()) {
            var e = assertThrows(DataLoaderException.class, () -> contents(loader.epoch(0)));
            assertTrue(e.getMessage().contains("no order"), e.getMessage());
        }
    }

    @Test
    void samplesOfDifferentShapesAreRefusedWithBothShapes() {
        Dataset<Sample> ragged = DatasetTest.numbers(4)
            .map(i -> Sample.of(new float[i == 3 ? 2 : 3], Shape.of(i == 3 ? 2 : 3), 0));
        try (DataLoader loader = DataLoader.builder(ragged).batchSize(4).workers(1).device(TestBackend.host())
                .build()) {
            String m = assertThrows(DataLoaderException.class, () -> loader.epoch(0).next()).getMessage();
            assertTrue(m.contains("sample 3") && m.contains("[2]") && m.contains("[3]"), m);
        }
    }

    private static void assertNoThreads() {
        long end = System.nanoTime() + 5_000_000_000L;
        List<String> left;
        do {
            left = Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(n -> n.startsWith("tenon-data-"))
                .toList();
            LockSupport.parkNanos(1_000_000);
        } while (!left.isEmpty() && System.nanoTime() < end);
        assertEquals(List.of(), left);
    }

    @Test
    void leavingEarlyEndsTheWorkers() {
        for (Device device : List.of(TestBackend.host(), TestBackend.card())) {
            try (DataLoader loader = DataLoader.builder(counted(1000)).workers(3).device(device).build()) {
                try (Epoch epoch = loader.epoch(0)) {
                    for (Batch b : epoch) {
                        b.close();
                        break;
                    }
                }
                assertNoThreads();
                for (Batch b : loader) {
                    b.close();
                    break;
                }
                // not closed by hand: the next epoch closes it
                assertEquals(1000, contents(loader).size());
                assertNoThreads();
                loader.epoch(5).next().close();
            }
            assertNoThreads();
        }
    }

    @Test
    void forgottenEpochsEndWhenTheyAreUnreachable() {
        DataLoader loader = DataLoader.builder(counted(1000)).workers(2).device(TestBackend.host()).build();
        forget(loader);
        long end = System.nanoTime() + 20_000_000_000L;
        while (Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().startsWith("tenon-data-"))
                && System.nanoTime() < end) {
            System.gc();
            LockSupport.parkNanos(5_000_000);
        }
        assertNoThreads();
    }

    private static void forget(DataLoader loader) {
        loader.iterator().next().close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void noMoreBatchesAreBegunThanPrefetchAllows(int workers) throws Exception {
        AtomicInteger asked = new AtomicInteger();
        Dataset<Sample> watched = counted(100).map(s -> {
            asked.incrementAndGet();
            return s;
        });
        try (DataLoader loader = DataLoader.builder(watched).batchSize(1).workers(workers).prefetch(4)
                .device(TestBackend.host()).build()) {
            asked.set(0);
            try (Epoch epoch = loader.epoch(0)) {
                for (int k = 1; k <= 20; k++) {
                    epoch.next().close();
                    long end = System.nanoTime() + 5_000_000_000L;
                    while (asked.get() < k + 4 && System.nanoTime() < end) {
                        LockSupport.parkNanos(100_000);
                    }
                    LockSupport.parkNanos(10_000_000);
                    assertEquals(k + 4, asked.get());
                }
            }
            assertTrue(loader.stats().workerWaitSeconds() > 0.01, () -> loader.stats().toString());
            assertEquals("consumer", loader.stats().bottleneck(), () -> loader.stats().toString());
        }
    }

    @Test
    void statisticsTellThatTheLoaderIsSlow() {
        Dataset<Sample> slow = counted(20).map(s -> {
            LockSupport.parkNanos(3_000_000);
            return s;
        });
        try (DataLoader loader = DataLoader.builder(slow).batchSize(2).workers(1).device(TestBackend.host()).build()) {
            contents(loader);
            LoaderStats s = loader.stats();
            assertEquals(10, s.batches());
            assertEquals(20, s.samples());
            assertTrue(s.consumerWaitSeconds() > 0.03, s::toString);
            assertEquals("decode", s.bottleneck(), s::toString);
        }
    }

    @Test
    void closingWaitsForTheWorkerThatIsBusy() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Dataset<Sample> slow = DatasetTest.numbers(50).map(i -> {
            if (i == 1) {
                inside.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new AssertionError("workers are not interrupted", e);
                }
            }
            return Sample.of(new float[] {i}, Shape.of(1), i);
        });
        try (DataLoader loader = DataLoader.builder(slow).workers(1).device(TestBackend.host()).build()) {
            Epoch epoch = loader.epoch(0);
            epoch.next().close();
            assertTrue(inside.await(5, TimeUnit.SECONDS));
            Thread t = Thread.ofPlatform().start(() -> {
                LockSupport.parkNanos(50_000_000);
                go.countDown();
            });
            epoch.close();
            assertEquals(0, go.getCount());
            t.join();
            assertNoThreads();
        }
    }

    @Test
    void batchesBelongToTheScopeOpenWhenTheyAreTaken() {
        for (Device device : List.of(TestBackend.host(), TestBackend.card())) {
            try (DataLoader loader = DataLoader.builder(counted(4)).workers(1).device(device).build()) {
                Epoch epoch = loader.epoch(0);
                Batch inside;
                try (Scope _ = Scope.open()) {
                    inside = epoch.next();
                    assertFalse(inside.input().isClosed());
                }
                assertTrue(inside.input().isClosed());
                Batch free = epoch.next();
                assertArrayEquals(new long[] {1}, free.target().toLongArray());
                free.close();
                assertTrue(free.target().isClosed());
            }
            assertEquals(0, device.memory().tensors(), () -> device + ": " + device.memory());
        }
    }

    @Test
    void normaliseShiftsAndScalesByChannel() {
        Dataset<Sample> two = DatasetTest.numbers(2).map(i -> Sample.of(new float[] {1, 2, 3, 4}, Shape.of(2, 2), i));
        try (DataLoader loader = DataLoader.builder(two).batchSize(2).device(TestBackend.host())
                .transform(BatchTransform.normalise(new double[] {1, 3}, new double[] {1, 0.5}))
                .normalise(1, 2).build();
                Batch b = loader.epoch(0).next()) {
            float[] want = {-0.5f, 0, -0.5f, 0.5f, -0.5f, 0, -0.5f, 0.5f};
            assertArrayEquals(want, b.input().toFloatArray(), 1e-6f);
        }
        assertThrows(IllegalArgumentException.class, () -> BatchTransform.normalise(0, 0));
        try (DataLoader loader = DataLoader.builder(two).device(TestBackend.host())
                .transform(BatchTransform.normalise(new double[3], new double[] {1, 1, 1})).build()) {
            assertTrue(assertThrows(DataLoaderException.class, () -> loader.epoch(0).next())
                .getMessage().contains("3 channels"));
        }
    }

    @Test
    void settingsThatMakeNoSenseAreRefused() {
        DataLoader.Builder b = DataLoader.builder(counted(1));
        assertThrows(IllegalArgumentException.class, () -> b.batchSize(0));
        assertThrows(IllegalArgumentException.class, () -> b.workers(-1));
        assertThrows(IllegalArgumentException.class, () -> b.prefetch(0));
        assertThrows(IllegalArgumentException.class, () -> b.shuffle(1).sampler(Sampler.sequential(1)).build());
    }

    @Test
    void customCollatorsPadSamplesOfDifferentLength() {
        Dataset<float[]> words = DatasetTest.numbers(3).map(i -> new float[(int) (i + 1)]);
        Collator<float[]> padded = new Collator<>() {
            @Override
            public List<Field> fields(float[] first) {
                return List.of(new Field("word", DType.F32, Shape.of(4)));
            }

            @Override
            public void write(float[] sample, HostBatch into, int row) {
                Arrays.fill(sample, 1);
                into.set(0, row, HostArray.of(Arrays.copyOf(sample, 4), Shape.of(4)));
            }
        };
        try (DataLoader loader = DataLoader.builder(words, padded).batchSize(3).device(TestBackend.host()).build();
                Batch b = loader.epoch(0).next()) {
            assertArrayEquals(new float[] {1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0}, b.input().toFloatArray());
            assertThrows(IllegalStateException.class, b::target);
        }
    }
}
