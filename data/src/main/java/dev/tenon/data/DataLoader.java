package dev.tenon.data;

import dev.tenon.api.Device;
import dev.tenon.api.spi.DeviceRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Batches of a data set as tensors on a device, made ahead of their use by worker threads.
///
/// ```java
/// try (var loader = DataLoader.builder(dataset).batchSize(64).shuffle(seed).workers(2).build()) {
///     for (int epoch = 0; epoch < 10; epoch++) {
///         for (Batch batch : loader.epoch(epoch)) {
///             ...
///         }
///     }
/// }
/// ```
///
/// Batches come in the order of the sampler, and are the same to the last bit whatever the number of workers. At most
/// `prefetch` batches are in the making or waiting. On a device whose memory the host does not share, copies run ahead
/// on a stream of their own. A sample that fails is reported where its batch was due, after all batches before it.
///
/// Not for several threads at once; each thread should have a loader of its own.
public final class DataLoader implements Iterable<Batch>, AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final int id = COUNT.getAndIncrement();
    private final BatchSource source;
    private final BatchSampler batchSampler;
    private final int workers;
    private final int prefetch;
    private final boolean pinMemory;
    private final boolean virtualThreads;
    private final long seed;
    private final @Nullable Device chosenDevice;
    private final @Nullable BatchTransform transform;
    private final @Nullable LoaderTrace trace;
    private final LoaderClock clock;
    private List<HostBatch> spare = List.of();
    private @Nullable WeakReference<Epoch> open;
    private long nextEpoch;
    private long nextBatch;
    private LoaderState state;

    private DataLoader(Builder b, BatchSampler batchSampler) {
        this.source = b.source;
        this.batchSampler = batchSampler;
        this.workers = b.workers;
        this.prefetch = b.workers == 0 ? 1 : b.prefetch > 0 ? b.prefetch : 2 * b.workers;
        this.pinMemory = b.pinMemory;
        this.virtualThreads = b.virtualThreads;
        this.seed = b.seed;
        this.chosenDevice = b.device;
        this.transform = b.transform;
        this.trace = b.trace != null ? b.trace : LoaderTrace.ofProcess();
        this.clock = new LoaderClock(workers);
        this.state = new LoaderState(seed, 0, 0, batchSampler.size(), batchSampler.sampler().size());
    }

    /// A loader of samples; of the fast path if the data set is also a [BatchSource].
    public static Builder builder(Dataset<Sample> dataset) {
        return new Builder(dataset instanceof BatchSource s ? s : new CollatedSource<>(dataset, Collator.samples()));
    }

    /// A loader of samples of any type, turned into rows of a batch by a collator.
    public static <T> Builder builder(Dataset<T> dataset, Collator<T> collator) {
        return new Builder(new CollatedSource<>(dataset, collator));
    }

    /// A loader of a source that fills batches itself.
    public static Builder fromSource(BatchSource source) {
        return new Builder(source);
    }

    /// Settings of a [DataLoader]. Without any: batches of 1, in order, on the default device, without workers.
    public static final class Builder {
        private final BatchSource source;
        private int batchSize = 1;
        private @Nullable Sampler sampler;
        private @Nullable BatchSampler batchSampler;
        private boolean shuffle;
        private long seed;
        private int workers;
        private int prefetch;
        private boolean dropLast;
        private boolean pinMemory;
        private boolean virtualThreads;
        private @Nullable Device device;
        private @Nullable BatchTransform transform;
        private @Nullable LoaderTrace trace;

        private Builder(BatchSource source) {
            this.source = source;
        }

        /// Samples per batch, at least 1; by default 1.
        public Builder batchSize(int samples) {
            if (samples < 1) {
                throw new IllegalArgumentException("batchSize " + samples + ": expected at least 1");
            }
            this.batchSize = samples;
            return this;
        }

        /// Shuffles anew in every epoch, as [Sampler#random] does. The seed is also that of transforms.
        public Builder shuffle(long shuffleSeed) {
            this.shuffle = true;
            this.seed = shuffleSeed;
            return this;
        }

        /// The seed of the transforms' random numbers, where there is no shuffling.
        public Builder seed(long transformSeed) {
            this.seed = transformSeed;
            return this;
        }

        /// Another order.
        public Builder sampler(Sampler order) {
            this.sampler = order;
            return this;
        }

        /// Another order and other batches; [#batchSize] and [#dropLast] then count for nothing.
        public Builder batchSampler(BatchSampler batches) {
            this.batchSampler = batches;
            return this;
        }

        /// How many threads read and collate. With 0, the default, the thread that takes a batch does it itself.
        public Builder workers(int threads) {
            if (threads < 0 || threads > 1024) {
                throw new IllegalArgumentException("workers " + threads + ": expected 0 to 1024");
            }
            this.workers = threads;
            return this;
        }

        /// How many batches may be in the making or waiting in host memory, at least 1; by default two per worker.
        /// Without workers it counts for nothing. A device whose memory the host does not share holds up to two more
        /// that have been copied ahead.
        public Builder prefetch(int batches) {
            if (batches < 1) {
                throw new IllegalArgumentException("prefetch " + batches + ": expected at least 1");
            }
            this.prefetch = batches;
            return this;
        }

        /// Whether a last batch that is not full is left out; by default it is not.
        public Builder dropLast(boolean drop) {
            this.dropLast = drop;
            return this;
        }

        /// Where the tensors are made; by default on the default device.
        public Builder device(Device target) {
            this.device = target;
            return this;
        }

        /// Whether batches are collated in memory from which the device copies fastest. Says nothing about what comes
        /// out: where a device has no such memory, it is ordinary memory.
        public Builder pinMemory(boolean pin) {
            this.pinMemory = pin;
            return this;
        }

        /// Whether workers are virtual threads: for data sets that wait (files, network) more than they compute.
        public Builder virtualThreads(boolean virtual) {
            this.virtualThreads = virtual;
            return this;
        }

        /// Where to note what each thread does when; by default the file that `-Dtenon.data.trace` names, if any.
        public Builder trace(LoaderTrace to) {
            this.trace = to;
            return this;
        }

        /// What is done to every batch in the worker; added to transforms given before.
        public Builder transform(BatchTransform change) {
            BatchTransform before = transform;
            this.transform = before == null ? change : before.then(change);
            return this;
        }

        /// Replaces each x of the input by (x - mean) / deviation; added to transforms given before.
        public Builder normalise(double mean, double deviation) {
            return transform(BatchTransform.normalise(mean, deviation));
        }

        /// The loader.
        ///
        /// @throws IllegalArgumentException if both a sampler and shuffling were asked for
        public DataLoader build() {
            if (shuffle && (sampler != null || batchSampler != null) || sampler != null && batchSampler != null) {
                throw new IllegalArgumentException("the order was set more than once: choose one of shuffle, sampler"
                    + " and batchSampler");
            }
            Sampler order = sampler != null ? sampler
                : shuffle ? Sampler.random(source.size(), seed) : Sampler.sequential(source.size());
            return new DataLoader(this,
                batchSampler != null ? batchSampler : new BatchSampler(order, batchSize, dropLast));
        }
    }

    /// The batches of the next epoch, as [#nextEpoch()].
    @Override
    public Iterator<Batch> iterator() {
        return nextEpoch();
    }

    /// The batches of the next epoch: 0 at the first call, then 1, and so on; after [#load], those that are left of the
    /// epoch in which the state was saved.
    public Epoch nextEpoch() {
        return epoch(nextEpoch, nextBatch);
    }

    /// The batches of the given epoch. An epoch of this loader that is still open is closed.
    public Epoch epoch(long number) {
        return epoch(number, 0);
    }

    /// The batches of the given epoch from number `first` on. Those before are not loaded, and the others are what they
    /// are in a whole epoch. An epoch of this loader that is still open is closed.
    ///
    /// @throws IllegalArgumentException if the epoch is negative or has no such batch
    public Epoch epoch(long number, long first) {
        if (number < 0 || first < 0 || first > size()) {
            throw new IllegalArgumentException("batch " + first + " of epoch " + number + ": expected an epoch from 0"
                + " and a batch from 0 to " + size());
        }
        closeOpen();
        nextEpoch = number + 1;
        nextBatch = 0;
        state = at(number, first);
        List<HostBatch> buffers = spare.isEmpty() ? allocate() : spare;
        spare = List.of();
        Epoch e = new Epoch(this, number, first, new Filler(source, transform, seed, number), buffers,
            clock.epoch(number, trace));
        open = new WeakReference<>(e);
        return e;
    }

    private List<HostBatch> allocate() {
        // One arena for all, freed by the collector: an unfinished copy or worker then never sees freed memory.
        Arena arena = Arena.ofAuto();
        DeviceRuntime runtime = device().runtime();
        List<Field> fields = source.fields();
        List<HostBatch> out = new ArrayList<>();
        for (int i = 0; i < prefetch; i++) {
            List<MemorySegment> memory = new ArrayList<>();
            for (Field f : fields) {
                long bytes = Math.max(1, f.bytes() * batchSampler.batchSize());
                memory.add(pinMemory ? runtime.pinnedHostMemory(bytes, arena) : arena.allocate(bytes, 64));
            }
            out.add(new HostBatch(fields, memory, batchSampler.batchSize()));
        }
        return out;
    }

    void closed(Epoch e, List<HostBatch> buffers) {
        if (open != null && open.get() == e) {
            open = null;
        }
        spare = buffers;
    }

    private void closeOpen() {
        Epoch before = open == null ? null : open.get();
        if (before != null) {
            before.close();
        }
    }

    BatchSampler batchSampler() {
        return batchSampler;
    }

    int workers() {
        return workers;
    }

    boolean pinsMemory() {
        return pinMemory;
    }

    ThreadFactory threads(String role) {
        String name = "tenon-data-" + id + "-" + role + "-";
        return virtualThreads && role.equals("worker")
            ? Thread.ofVirtual().name(name, 0).factory()
            : Thread.ofPlatform().daemon().name(name, 0).factory();
    }

    /// The device on which batches are made.
    public Device device() {
        return chosenDevice != null ? chosenDevice : Device.getDefault();
    }

    /// The number of batches of an epoch.
    public long size() {
        return batchSampler.size();
    }

    /// The number of samples of an epoch; those of a last batch left out do not count.
    public long samples() {
        long n = batchSampler.sampler().size();
        return batchSampler.dropLast() ? n - n % batchSampler.batchSize() : n;
    }

    /// The fields of a batch.
    public List<Field> fields() {
        return source.fields();
    }

    private LoaderState at(long epoch, long batch) {
        boolean over = batch >= size();
        return new LoaderState(seed, over ? epoch + 1 : epoch, over ? 0 : batch, size(),
            batchSampler.sampler().size());
    }

    void handed(long epoch, long batch) {
        state = at(epoch, batch + 1);
    }

    /// Where this loader stands: after the batch that was handed out last, whatever has been loaded ahead.
    public LoaderState state() {
        return state;
    }

    /// Makes [#nextEpoch()] go on where the state was saved. An epoch that is still open is closed.
    ///
    /// @throws IllegalArgumentException if the state is that of a loader with another seed, another number of samples
    ///     or of batches, since other batches would come; nothing has been changed
    public void load(LoaderState saved) {
        LoaderState mine = new LoaderState(seed, saved.epoch(), saved.batch(), size(), batchSampler.sampler().size());
        if (!saved.equals(mine)) {
            throw new IllegalArgumentException("state of a loader with seed " + saved.seed() + ", " + saved.samples()
                + " samples and " + saved.batches() + " batches; this one has seed " + mine.seed() + ", "
                + mine.samples() + " samples and " + mine.batches() + " batches: build it as the saved one was");
        }
        closeOpen();
        nextEpoch = saved.epoch();
        nextBatch = saved.batch();
        state = saved;
    }

    /// Where the time went so far, in all epochs.
    public LoaderStats stats() {
        return clock.read();
    }

    /// Ends the open epoch and lets go of the host memory. The loader can be used again.
    @Override
    public void close() {
        closeOpen();
        spare = List.of();
    }
}
