package dev.tenon.data;

import dev.tenon.api.Context;
import dev.tenon.data.LoaderClock.Stage;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Workers that fill a ring of host batches ahead of the one who takes them, in order.
///
/// A worker first takes a free buffer and only then the next batch's indices. So every batch begun has its buffer, the
/// lowest one can always be finished, and no more batches are begun or waiting than there are buffers.
final class Pipeline {
    private static final System.Logger LOG = System.getLogger("dev.tenon");
    private static final long JOIN_MILLIS = 10_000;

    /// A batch, or why there is none.
    record Result(@Nullable HostBatch batch, long number, @Nullable DataLoaderException failure) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final Condition ready = lock.newCondition();
    private final Iterator<long[]> batches;
    private final Filler filler;
    private final LoaderClock clock;
    private final ArrayDeque<HostBatch> free;
    private final @Nullable Result[] results;
    private final List<Thread> workers = new ArrayList<>();
    private long begun;
    private long taken;
    private boolean exhausted;
    private boolean closed;

    /// @param first the number of the first batch that the iterator gives
    Pipeline(Iterator<long[]> batches, long first, Filler filler, List<HostBatch> buffers, LoaderClock clock) {
        this.begun = first;
        this.taken = first;
        this.batches = batches;
        this.filler = filler;
        this.clock = clock;
        this.free = new ArrayDeque<>(buffers);
        this.results = new Result[buffers.size()];
    }

    void start(int count, ThreadFactory threads) {
        for (int i = 0; i < count; i++) {
            Thread t = threads.newThread(this::work);
            workers.add(t);
            t.start();
        }
    }

    private void work() {
        try (Context.Mode _ = Context.noGrad()) {
            while (step()) {
                // one batch at a time
            }
        }
    }

    /// Fills one batch; false when there is no more to do.
    private boolean step() {
        HostBatch buffer;
        long[] indices;
        long number;
        lock.lock();
        try {
            long start = System.nanoTime();
            while (free.isEmpty() && !exhausted && !closed) {
                room.awaitUninterruptibly();
            }
            clock.add(Stage.WORKER_WAIT, start, System.nanoTime(), begun);
            if (exhausted || closed) {
                return false;
            }
            number = begun;
            try {
                if (!batches.hasNext()) {
                    exhausted = true;
                    ready.signalAll();
                    room.signalAll();
                    return false;
                }
                indices = batches.next();
            } catch (Throwable e) {
                // A sampler's failure ends the epoch in the place of the batch that it was asked for.
                exhausted = true;
                begun++;
                put(new Result(null, number, filler.failure(number, e)));
                room.signalAll();
                return false;
            }
            begun++;
            buffer = free.removeFirst();
        } finally {
            lock.unlock();
        }
        Result result;
        try {
            filler.fill(indices, number, buffer, clock);
            result = new Result(buffer, number, null);
        } catch (Throwable e) {
            // Errors too: whoever waits for this batch must not wait for ever.
            result = new Result(buffer, number, filler.failure(number, e));
        }
        lock.lock();
        try {
            put(result);
        } finally {
            lock.unlock();
        }
        return true;
    }

    private void put(Result r) {
        results[(int) (r.number % results.length)] = r;
        ready.signalAll();
    }

    /// The next batch in order; null at the end of the epoch or when closed.
    @Nullable Result take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            int place = (int) (taken % results.length);
            while (results[place] == null && !closed && !(exhausted && taken == begun)) {
                ready.await();
            }
            Result r = results[place];
            if (r == null || closed) {
                return null;
            }
            results[place] = null;
            taken++;
            return r;
        } finally {
            lock.unlock();
        }
    }

    /// Gives a buffer back for another batch.
    void release(HostBatch buffer) {
        lock.lock();
        try {
            free.addLast(buffer);
            room.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Lets the workers end after the sample or batch they are at, without waiting for them.
    void cancel() {
        lock.lock();
        try {
            closed = true;
            room.signalAll();
            ready.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Cancels, and waits until no worker touches a buffer any more. Workers are not interrupted: that would close the
    /// file channels that data sets read from.
    ///
    /// @return whether all have ended; if not, within ten seconds, the buffers must not be used again
    boolean close() {
        cancel();
        boolean interrupted = false;
        long end = System.nanoTime() + JOIN_MILLIS * 1_000_000;
        for (Thread t : workers) {
            while (t.isAlive() && t != Thread.currentThread()) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    LOG.log(Level.WARNING, "data loader: worker " + t.getName() + " is still busy with a sample "
                        + JOIN_MILLIS / 1000 + " s after its epoch was closed; it ends when that sample is done");
                    restore(interrupted);
                    return false;
                }
                try {
                    t.join(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        restore(interrupted);
        return true;
    }

    private static void restore(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
