package dev.tenon.data;

import dev.tenon.data.LoaderClock.Stage;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Fills one batch in host memory and passes it through the transform.
///
/// @param source the samples
/// @param transform what is done to each batch, or null
/// @param seed of the transform's random numbers
/// @param epoch the number of the epoch
record Filler(BatchSource source, @Nullable BatchTransform transform, long seed, long epoch) {
    private static final long TRANSFORM = 0x7472616E73660005L;

    void fill(long[] indices, long number, HostBatch into, LoaderClock clock) throws Exception {
        into.begin(indices, number, seed, epoch);
        long start = System.nanoTime();
        try {
            source.fill(indices, into);
        } finally {
            long end = System.nanoTime();
            long decoded = end - Math.min(end - start, into.collateNanos);
            clock.add(Stage.DECODE, start, decoded, number);
            clock.add(Stage.COLLATE, decoded, end, number);
        }
        if (transform != null) {
            SplitMix64 bits = SplitMix64.independent(seed, TRANSFORM, epoch, number);
            RandomGenerator random = bits::nextLong;
            start = System.nanoTime();
            transform.apply(into, random);
            clock.add(Stage.TRANSFORM, start, System.nanoTime(), number);
        }
    }

    DataLoaderException failure(long number, Throwable cause) {
        return new DataLoaderException("batch " + number + " of epoch " + epoch + " could not be loaded: "
            + (cause instanceof SampleException ? cause.getMessage() : SampleException.describe(cause)), cause);
    }
}
