package dev.tenon.data;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
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
    private boolean closed;

    Epoch(DataLoader loader, long number, Filler filler, List<HostBatch> buffers, LoaderClock clock) {
        this.loader = loader;
        this.number = number;
        this.filler = filler;
        this.clock = clock;
        this.buffers = buffers;
        this.order = loader.batchSampler().batches(number);
        int workers = loader.workers();
        if (workers == 0) {
            pipeline = null;
            staging = null;
            net = null;
            return;
        }
        Pipeline p = new Pipeline(order, filler, buffers, clock);
        pipeline = p;
        Device device = loader.device();
        p.start(workers, loader.threads("worker"));
        Staging s = null;
        try {
            if (!filler.source().fields().isEmpty() && Staging.needed(device)) {
                s = new Staging(device, filler.source().fields(), loader.batchSampler().batchSize(), p,
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
        clock.batches.increment();
        clock.samples.add(b.size());
        return b;
    }

    private @Nullable Batch advance() {
        boolean done = false;
        try {
            Batch b = staging != null ? staging.take(number, clock) : pipeline != null ? ahead(pipeline) : direct();
            done = true;
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
        clock.consumerWait.add(System.nanoTime() - start);
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
            filler.fill(order.next(), at, host);
        } catch (Throwable e) {
            throw filler.failure(at, e);
        }
        long spent = System.nanoTime() - start;
        clock.fill.add(spent);
        clock.consumerWait.add(spent);
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
        taken++;
        clock.copy.add(System.nanoTime() - start);
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
        loader.closed(this, reusable ? buffers : List.of());
    }
}
