package dev.tenon.data;

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

    void fill(long[] indices, long number, HostBatch into) throws Exception {
        into.begin(indices, number);
        source.fill(indices, into);
        if (transform != null) {
            SplitMix64 bits = SplitMix64.independent(seed, TRANSFORM, epoch, number);
            RandomGenerator random = bits::nextLong;
            transform.apply(into, random);
        }
    }

    DataLoaderException failure(long number, Throwable cause) {
        return new DataLoaderException("batch " + number + " of epoch " + epoch + " could not be loaded: "
            + (cause instanceof SampleException ? cause.getMessage() : SampleException.describe(cause)), cause);
    }
}
