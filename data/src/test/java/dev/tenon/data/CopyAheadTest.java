package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Shape;
import dev.tenon.api.spi.Event;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Copies run ahead on a stream of their own. Nothing here is timed: the computation is held up until they have.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CopyAheadTest {
    private static final int BATCH = 4;
    private static final int FIELDS = 2;
    /// How many batches wait on the device: those of the staging area.
    private static final int STAGED = 2;

    private static void until(AtomicInteger counter, int value) {
        long end = System.nanoTime() + 20_000_000_000L;
        while (counter.get() < value && System.nanoTime() < end) {
            LockSupport.parkNanos(100_000);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void theNextBatchesArriveWhileTheDeviceComputes(int prefetch) throws Exception {
        AtomicInteger read = new AtomicInteger();
        Dataset<Sample> samples = DatasetTest.numbers(40).map(i -> {
            read.incrementAndGet();
            return Sample.of(new float[] {i, 2 * i}, Shape.of(2), i);
        });
        int before = TestBackend.COPIES_DONE.get();
        CountDownLatch computing = new CountDownLatch(1);
        // Let go in any case, and before the epoch is closed, which waits for the device.
        try (DataLoader loader = DataLoader.builder(samples).batchSize(BATCH).workers(1).prefetch(prefetch)
                .pinMemory(true).device(TestBackend.card()).build();
                Epoch epoch = loader.epoch(0); AutoCloseable _ = computing::countDown) {
            Batch first = epoch.next();
            TestBackend.compute(() -> {
                try {
                    computing.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            Event computed = TestBackend.card().runtime().defaultStream().record();

            until(TestBackend.COPIES_DONE, before + (1 + STAGED) * FIELDS);
            assertFalse(computed.isDone(), "the first batch is still computed on");

            // Back-pressure: the ring in host memory fills behind them, one batch in the hands of the copying thread,
            // and then everything stands.
            // The first sample is read once more, to learn the fields.
            int most = 1 + (1 + STAGED + prefetch) * BATCH;
            until(read, most);
            LockSupport.parkNanos(30_000_000);
            assertEquals(most, read.get(), "samples read");
            assertEquals((1 + STAGED) * FIELDS, TestBackend.COPIES_DONE.get() - before, "copies made");
            assertFalse(computed.isDone());

            computing.countDown();
            assertArrayEquals(new float[] {0, 0, 1, 2, 2, 4, 3, 6}, first.input().toFloatArray());
            assertTrue(computed.isDone());
            int batches = 1;
            for (; epoch.hasNext(); batches++) {
                try (Batch b = epoch.next()) {
                    long start = (long) batches * BATCH;
                    assertArrayEquals(new long[] {start, start + 1, start + 2, start + 3}, b.target().toLongArray());
                }
            }
            assertEquals(10, batches);
            first.close();
        }
    }
}
