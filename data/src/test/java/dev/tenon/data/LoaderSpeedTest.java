package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/// Loading cached samples of MNIST's size costs little more than copying them. Measured in this thread's processor
/// time, so that a busy machine does not matter.
class LoaderSpeedTest {
    private static final int SAMPLES = 20_000;
    private static final int PIXELS = 784;
    private static final int BATCH = 64;

    private static double seconds(Runnable work) {
        var threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        work.run();
        return (threads.getCurrentThreadCpuTime() - start) / 1e9;
    }

    @Test
    void cachedSamplesLoadFast() throws Exception {
        CachedDataset<Sample> data = DatasetTest.numbers(SAMPLES)
            .map(i -> Sample.of(new float[PIXELS], Shape.of(1, 28, 28), i % 10)).cache(1L << 30);
        MemorySegment[] rows = new MemorySegment[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            rows[i] = data.get(i).input().memory();
        }
        long rowBytes = 4L * PIXELS;
        MemorySegment batch = Arena.ofAuto().allocate(BATCH * rowBytes, 64);
        double plain = Double.MAX_VALUE;
        double loaded = Double.MAX_VALUE;
        try (DataLoader loader = DataLoader.builder(data).batchSize(BATCH).shuffle(1).device(TestBackend.host())
                .build()) {
            for (int round = 0; round < 6; round++) {
                long[] order = Samplers.permutation(SAMPLES, 1, round);
                plain = Math.min(plain, seconds(() -> {
                    for (int k = 0; k < SAMPLES; k++) {
                        MemorySegment.copy(rows[(int) order[k]], 0, batch, k % BATCH * rowBytes, rowBytes);
                    }
                }));
                loaded = Math.min(loaded, seconds(() -> loader.forEach(Batch::close)));
            }
        }
        double rate = SAMPLES / loaded;
        String said = String.format(Locale.ROOT, "cached samples of 784 floats: %.0f/s of processor time, %.2f times"
            + " that of copying them one by one", rate, loaded / plain);
        System.out.println(said);
        assertTrue(rate > 100_000, said);
    }
}
