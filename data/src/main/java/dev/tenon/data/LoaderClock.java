package dev.tenon.data;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Adds up what [LoaderStats] shows, for an epoch and for its loader; in nanoseconds.
final class LoaderClock {
    /// What a thread of the loader, or the one that takes its batches, does with its time.
    enum Stage {
        /// Reads samples and transforms them one by one.
        DECODE,
        /// Writes samples into the memory of a batch.
        COLLATE,
        /// Transforms a batch.
        TRANSFORM,
        /// Makes tensors of a batch.
        COPY,
        /// A worker waits for room.
        WORKER_WAIT,
        /// Whoever takes the batches waits for one.
        WAIT,
        /// Whoever takes the batches does something with them.
        COMPUTE
    }

    final LongAdder batches = new LongAdder();
    final LongAdder samples = new LongAdder();
    private final Map<Stage, LongAdder> spent = new EnumMap<>(Stage.class);
    private final @Nullable LoaderClock total;
    private final @Nullable LoaderTrace trace;
    private final int workers;
    private final long epoch;

    LoaderClock(int workers) {
        this(null, null, workers, -1);
    }

    private LoaderClock(@Nullable LoaderClock total, @Nullable LoaderTrace trace, int workers, long epoch) {
        this.total = total;
        this.trace = trace;
        this.workers = workers;
        this.epoch = epoch;
        for (Stage s : Stage.values()) {
            spent.put(s, new LongAdder());
        }
    }

    LoaderClock epoch(long number, @Nullable LoaderTrace to) {
        return new LoaderClock(this, to, workers, number);
    }

    /// Notes that the current thread was busy with a batch.
    void add(Stage stage, long start, long end, long batch) {
        adder(stage).add(end - start);
        if (total != null) {
            total.adder(stage).add(end - start);
        }
        if (trace != null && end > start) {
            trace.add(stage.name().toLowerCase(Locale.ROOT), start, end, epoch, batch);
        }
    }

    private LongAdder adder(Stage stage) {
        LongAdder a = spent.get(stage);
        if (a == null) {
            throw new IllegalStateException("no stage " + stage);
        }
        return a;
    }

    void handed(int batchSize) {
        batches.increment();
        samples.add(batchSize);
        if (total != null) {
            total.handed(batchSize);
        }
    }

    void end() {
        if (trace != null) {
            trace.flush();
        }
    }

    private double seconds(Stage stage) {
        return adder(stage).sum() / 1e9;
    }

    LoaderStats read() {
        return new LoaderStats(batches.sum(), samples.sum(), workers, seconds(Stage.WAIT), seconds(Stage.WORKER_WAIT),
            seconds(Stage.DECODE), seconds(Stage.COLLATE), seconds(Stage.TRANSFORM), seconds(Stage.COPY),
            seconds(Stage.COMPUTE));
    }
}
