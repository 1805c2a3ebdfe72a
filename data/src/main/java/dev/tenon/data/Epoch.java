package dev.tenon.data;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.LoaderClock.Stage;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// One pass over the batches of a [DataLoader]. To be used by one thread.
///
/// It closes itself after the last batch and when a batch fails. Whoever leaves earlier should close it, best by
/// try-with-resources; if nobody does, its workers end once it is unreachable, or when the loader begins another epoch.
public final class Epoch implements Iterable<Batch>, Iterator<Batch>, AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final DataLoader loader;
    private final long number;
    private final Iterator<long[]> order;
    private final Filler filler;
    private final LoaderClock clock;
    private final List<HostBatch> buffers;
    private final @Nullable Pipeline pipeline;
    private final @Nullable Staging staging;
    private final Cleaner.@Nullable Cleanable net;
    private @Nullable Batch next;
    private long taken;
    private long handedAt;
    private boolean closed;

    Epoch(DataLoader loader, long number, long first, Filler filler, List<HostBatch> buffers, LoaderClock clock) {
        this.loader = loader;
        this.number = number;
        this.filler = filler;
        this.clock = clock;
        this.buffers = buffers;
        this.taken = first;
        this.order = loader.batchSampler().batches(number, first);
        int workers = loader.workers();
        if (workers == 0) {
            pipeline = null;
            staging = null;
            net = null;
            return;
        }
        Pipeline p = new Pipeline(order, first, filler, buffers, clock);
        pipeline = p;
        Device device = loader.device();
        p.start(workers, loader.threads("worker"));
        Staging s = null;
        try {
            if (!filler.source().fields().isEmpty() && Staging.needed(device)) {
                s = new Staging(device, filler.source().fields(), loader.batchSampler().batchSize(), p, clock,
                    loader.threads("copy"));
            }
        } catch (RuntimeException e) {
            p.close();
            throw e;
        }
        staging = s;
        net = CLEANER.register(this, p::cancel);
    }

    /// The number of the epoch, from 0.
    public long number() {
        return number;
    }

    /// Where the time of this epoch went so far.
    public LoaderStats stats() {
        return clock.read();
    }

    /// A small table of where the time of this epoch went so far, and a sentence on what limits the speed and what can
    /// be done about it.
    public String report() {
        return "epoch " + number + ": " + clock.read().report();
    }

    /// This: a pass can be made once.
    @Override
    public Iterator<Batch> iterator() {
        return this;
    }

    /// @throws DataLoaderException if the next batch could not be loaded
    @Override
    public boolean hasNext() {
        if (next == null && !closed) {
            next = advance();
            if (next == null) {
                close();
            }
        }
        return next != null;
    }

    /// The next batch, its tensors in the scope open now.
    ///
    /// @throws DataLoaderException if it could not be loaded; the epoch is closed then
    @Override
    public Batch next() {
        if (!hasNext()) {
            throw new NoSuchElementException("epoch " + number + " has no further batch");
        }
        Batch b = next;
        next = null;
        if (b == null) {
            throw new IllegalStateException("an epoch is for one thread");
        }
        clock.handed(b.size());
        loader.handed(number, b.number());
        handedAt = System.nanoTime();
        return b;
    }

    private @Nullable Batch advance() {
        if (handedAt != 0) {
            clock.add(Stage.COMPUTE, handedAt, System.nanoTime(), taken - 1);
            handedAt = 0;
        }
        boolean done = false;
        try {
            Batch b = staging != null ? staging.take(number, taken) : pipeline != null ? ahead(pipeline) : direct();
            done = true;
            taken++;
            return b;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataLoaderException("interrupted while waiting for batch " + taken + " of epoch " + number, e);
        } finally {
            if (!done) {
                close();
            }
        }
    }

    private @Nullable Batch ahead(Pipeline p) throws InterruptedException {
        long start = System.nanoTime();
        Pipeline.Result r = p.take();
        clock.add(Stage.WAIT, start, System.nanoTime(), taken);
        if (r == null) {
            return null;
        }
        if (r.failure() != null) {
            throw r.failure();
        }
        HostBatch host = r.batch();
        if (host == null) {
            throw new IllegalStateException("a batch without memory");
        }
        Batch b = tensors(host);
        p.release(host);
        return b;
    }

    private @Nullable Batch direct() {
        long at = taken;
        HostBatch host = buffers.getFirst();
        long start = System.nanoTime();
        try {
            if (!order.hasNext()) {
                return null;
            }
            filler.fill(order.next(), at, host, clock);
        } catch (Throwable e) {
            throw filler.failure(at, e);
        }
        clock.add(Stage.WAIT, start, System.nanoTime(), at);
        Batch b = tensors(host);
        if (loader.pinsMemory()) {
            // Copies from pinned memory may still be under way, and the memory is used again for the next batch.
            loader.device().synchronize();
        }
        return b;
    }

    private Batch tensors(HostBatch host) {
        long start = System.nanoTime();
        List<Tensor> tensors = new ArrayList<>();
        List<Field> fields = host.fields();
        for (int f = 0; f < fields.size(); f++) {
            Field field = fields.get(f);
            tensors.add(Tensors.fromHost(
                host.memory(f), field.dtype(), field.shape().inserted(0, host.size()), loader.device()));
        }
        clock.add(Stage.COPY, start, System.nanoTime(), host.number());
        return new Batch(tensors, fields, host.indices(), number, host.number());
    }

    /// Ends the pass: workers end after the batch they are at. Batches handed out stay valid. Closing twice does
    /// nothing.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (handedAt != 0) {
            clock.add(Stage.COMPUTE, handedAt, System.nanoTime(), taken - 1);
            handedAt = 0;
        }
        if (next != null) {
            next.close();
            next = null;
        }
        boolean reusable = true;
        if (pipeline != null) {
            pipeline.cancel();
            if (staging != null) {
                staging.close();
            }
            reusable = pipeline.close();
        }
        if (net != null) {
            net.clean();
        }
        clock.end();
        loader.closed(this, reusable ? buffers : List.of());
    }
}
