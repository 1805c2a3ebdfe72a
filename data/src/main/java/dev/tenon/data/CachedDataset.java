package dev.tenon.data;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;

/// A data set that keeps what it has read, up to a number of bytes: what [Dataset#cache(long)] makes. Nothing is thrown
/// out for something else: an epoch asks for every sample once, and a cache that throws out would never have the one
/// that is asked for.
///
/// @param <T> the type of a sample
public final class CachedDataset<T> implements Dataset<T> {
    private final Dataset<T> base;
    private final long maxBytes;
    private final ToLongFunction<? super T> weigh;
    private final AtomicReferenceArray<T> kept;
    private final AtomicLong bytes = new AtomicLong();
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    CachedDataset(Dataset<T> base, long maxBytes, ToLongFunction<? super T> weigh) {
        if (maxBytes < 0 || base.size() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("cache of " + maxBytes + " bytes for " + base.size() + " samples of "
                + base.name() + ": expected a number that is not negative, and at most 2^31 - 9 samples");
        }
        this.base = base;
        this.maxBytes = maxBytes;
        this.weigh = Objects.requireNonNull(weigh, "bytes");
        this.kept = new AtomicReferenceArray<>((int) base.size());
    }

    static long bytes(Object sample) {
        return switch (sample) {
            case Sample s -> s.input().memory().byteSize() + s.target().memory().byteSize();
            case HostArray a -> a.memory().byteSize();
            default -> throw new IllegalArgumentException("cache: the size of a " + sample.getClass().getName()
                + " is not known; use cache(maxBytes, sample -> bytes)");
        };
    }

    @Override
    public long size() {
        return base.size();
    }

    @Override
    public T get(long index) throws Exception {
        int i = (int) Objects.checkIndex(index, size());
        T sample = kept.getAcquire(i);
        if (sample != null) {
            hits.increment();
            return sample;
        }
        misses.increment();
        sample = base.get(index);
        long taken = weigh.applyAsLong(sample);
        if (taken < 0) {
            throw new IllegalArgumentException("cache: a sample of " + taken + " bytes");
        }
        long before = bytes.getAndUpdate(b -> taken <= maxBytes - b ? b + taken : b);
        if (taken <= maxBytes - before && !kept.compareAndSet(i, null, sample)) {
            // another thread has read the same sample meanwhile
            bytes.addAndGet(-taken);
        }
        return sample;
    }

    @Override
    public String name() {
        return base.name();
    }

    /// How many bytes of samples are kept.
    public long bytes() {
        return bytes.get();
    }

    /// How often a sample was there already.
    public long hits() {
        return hits.sum();
    }

    /// How often a sample had to be read.
    public long misses() {
        return misses.sum();
    }
}
