package dev.tenon.data;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.PrimitiveIterator;

/// Cuts the order of a sampler into batches.
///
/// @param sampler gives the order
/// @param batchSize samples per batch, at least 1
/// @param dropLast whether a last batch that is not full is left out
public record BatchSampler(Sampler sampler, int batchSize, boolean dropLast) {
    /// @throws IllegalArgumentException if the batch size is below 1
    public BatchSampler {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size " + batchSize + ": expected at least 1");
        }
    }

    /// The number of batches of an epoch.
    public long size() {
        long n = sampler.size();
        return dropLast ? n / batchSize : Math.ceilDiv(n, (long) batchSize);
    }

    /// The indices of each batch of an epoch.
    public Iterator<long[]> batches(long epoch) {
        return batches(epoch, 0);
    }

    /// The indices of each batch of an epoch, from batch `first` on: no sample of those before is read.
    ///
    /// @throws IllegalArgumentException if `first` is negative or beyond the last batch's end
    public Iterator<long[]> batches(long epoch, long first) {
        if (first < 0 || first > size()) {
            throw new IllegalArgumentException("batch " + first + " of epoch " + epoch + ": expected 0 to " + size());
        }
        PrimitiveIterator.OfLong order = sampler.indices(epoch);
        for (long skip = first * batchSize; skip > 0 && order.hasNext(); skip--) {
            order.nextLong();
        }
        return new Iterator<>() {
            private long[] next = cut();

            private long[] cut() {
                long[] batch = new long[batchSize];
                int n = 0;
                while (n < batchSize && order.hasNext()) {
                    batch[n++] = order.nextLong();
                }
                return n == batchSize ? batch : dropLast ? new long[0] : Arrays.copyOf(batch, n);
            }

            @Override
            public boolean hasNext() {
                return next.length > 0;
            }

            @Override
            public long[] next() {
                if (next.length == 0) {
                    throw new NoSuchElementException("the epoch is over");
                }
                long[] batch = next;
                next = cut();
                return batch;
            }
        };
    }
}
