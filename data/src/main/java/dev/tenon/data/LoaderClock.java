package dev.tenon.data;

import java.util.concurrent.atomic.LongAdder;

/// Adds up what [LoaderStats] shows; in nanoseconds.
final class LoaderClock {
    final LongAdder batches = new LongAdder();
    final LongAdder samples = new LongAdder();
    final LongAdder consumerWait = new LongAdder();
    final LongAdder workerWait = new LongAdder();
    final LongAdder fill = new LongAdder();
    final LongAdder copy = new LongAdder();

    LoaderStats read() {
        return new LoaderStats(batches.sum(), samples.sum(), consumerWait.sum() / 1e9, workerWait.sum() / 1e9,
            fill.sum() / 1e9, copy.sum() / 1e9);
    }
}
