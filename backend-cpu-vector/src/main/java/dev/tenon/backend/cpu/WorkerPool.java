package dev.tenon.backend.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/// The threads that kernels run on: one pool for the process, as many threads as there are physical cores (the
/// caller is one of them),
/// or `-Dtenon.cpu.threads=n`.
///
/// A range is cut into parts that depend on its length, its grain and the number of threads, never on who runs them
/// or when, so results
/// are the same from run to run. Who runs a part is decided late: the caller takes parts as well, and if a worker is
/// slow to wake, the
/// caller does its share. Calls from inside a part, and calls while another thread holds the pool, run on the
/// calling thread (with
/// the same parts).
public final class WorkerPool {

    /// What runs over a part of a range.
    @FunctionalInterface
    public interface RangeBody {
        /// Runs over `from` (inclusive) to `to` (exclusive).
        void run(long from, long to);
    }

    /// Workers spin this long for the next job before they sleep: waking a sleeping thread costs 20-50 us, more than
    /// most kernels.
    private static final long SPIN_NANOS = Long.getLong("tenon.cpu.spin.micros", 50) * 1000;

    private static final class Shared {
        static final WorkerPool POOL = new WorkerPool(defaultThreads());
    }

    private static final class Job {
        final RangeBody body;
        final long n;
        final int parts;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        volatile Thread waiter;

        Job(RangeBody body, long n, int parts) {
            this.body = body;
            this.n = n;
            this.parts = parts;
        }

        void work() {
            int part;
            while (next.get() < parts && (part = next.getAndIncrement()) < parts) {
                try {
                    body.run(start(n, part, parts), start(n, part + 1, parts));
                } catch (Throwable t) {
                    if (!failure.compareAndSet(null, t) && failure.get() != t) {
                        failure.get().addSuppressed(t);
                    }
                }
                if (done.incrementAndGet() == parts) {
                    Thread w = waiter;
                    if (w != null) {
                        LockSupport.unpark(w);
                    }
                }
            }
        }
    }

    private final class Worker extends Thread {
        volatile boolean asleep;

        Worker(int index) {
            super("tenon-cpu-" + index);
            setDaemon(true);
        }

        @Override
        public void run() {
            Job last = null;
            long until = System.nanoTime() + SPIN_NANOS;
            while (!stopped) {
                Job job = current;
                if (job != null && job != last) {
                    last = job;
                    job.work();
                    until = System.nanoTime() + SPIN_NANOS;
                } else if (System.nanoTime() < until) {
                    for (int i = 0; i < 8 && current == job; i++) {
                        Thread.onSpinWait();
                    }
                } else {
                    last = null; // do not keep a finished job, and what its body holds, alive while asleep
                    asleep = true;
                    if (current == null && !stopped) {
                        LockSupport.park(WorkerPool.this);
                    }
                    asleep = false;
                    until = System.nanoTime() + SPIN_NANOS;
                }
            }
        }
    }

    private final Worker[] workers;
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile Job current;
    private volatile Thread owner;
    private volatile boolean stopped;

    /// A pool of its own, for tests; everything else uses [#shared()].
    ///
    /// @param threads how many threads work, the caller included; at least 1
    public WorkerPool(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("a worker pool needs at least 1 thread, not " + threads);
        }
        workers = new Worker[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].start();
        }
    }

    /// The pool of this process.
    public static WorkerPool shared() {
        return Shared.POOL;
    }

    /// How many threads work, the caller included.
    public int threads() {
        return workers.length + 1;
    }

    /// Runs `body` over parts that together cover `0 .. n`, at most one per thread and each at least `grain` long
    /// (but for a remainder).
    /// Returns when all of them are done; an exception thrown by a part is thrown here.
    public void parallelFor(long n, long grain, RangeBody body) {
        if (n > 0) {
            long most = Math.max(1, n / Math.max(1, grain));
            run(n, (int) Math.min(threads(), most), body);
        }
    }

    /// Runs `body` over `count` tasks one at a time (`to == from + 1`), handed to threads as they become free: for
    /// tasks of unequal size.
    public void parallelTasks(int count, RangeBody body) {
        if (count > 0) {
            run(count, count, body);
        }
    }

    private void run(long n, int parts, RangeBody body) {
        if (parts == 1) {
            body.run(0, n);
            return;
        }
        Thread me = Thread.currentThread();
        if (workers.length == 0 || me instanceof Worker || owner == me || !busy.compareAndSet(false, true)) {
            for (int p = 0; p < parts; p++) {
                body.run(start(n, p, parts), start(n, p + 1, parts));
            }
            return;
        }
        Job job = new Job(body, n, parts);
        try {
            owner = me;
            current = job;
            int helpers = Math.min(workers.length, parts - 1);
            for (int i = 0; i < helpers; i++) {
                if (workers[i].asleep) {
                    LockSupport.unpark(workers[i]);
                }
            }
            job.work();
            await(job, me);
        } finally {
            current = null;
            owner = null;
            busy.set(false);
        }
        Throwable t = job.failure.get();
        if (t != null) {
            WorkerPool.<RuntimeException>rethrow(t);
        }
    }

    private static void await(Job job, Thread me) {
        if (job.done.get() == job.parts) {
            return;
        }
        long until = System.nanoTime() + 200_000;
        while (job.done.get() < job.parts) {
            if (System.nanoTime() < until) {
                Thread.onSpinWait();
            } else {
                job.waiter = me;
                if (job.done.get() < job.parts) {
                    LockSupport.park(job);
                }
            }
        }
    }

    /// Ends the threads of a pool made for a test.
    void stop() {
        stopped = true;
        for (Worker w : workers) {
            LockSupport.unpark(w);
        }
    }

    private static long start(long n, int part, int parts) {
        return n / parts * part + Math.min(part, n % parts);
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void rethrow(Throwable t) throws T {
        throw (T) t;
    }

    private static int defaultThreads() {
        Integer wanted = Integer.getInteger("tenon.cpu.threads");
        return wanted != null ? Math.max(1, wanted) : Math.max(1,
                Math.min(Runtime.getRuntime().availableProcessors(), physicalCores()));
    }

    /// Two hyper-threads share one set of multipliers: a second thread a core makes matrix products slower, not faster.
    private static int physicalCores() {
        int logical = Runtime.getRuntime().availableProcessors();
        Set<String> cores = new HashSet<>();
        try (var dirs = Files.newDirectoryStream(Path.of("/sys/devices/system/cpu"), "cpu[0-9]*")) {
            for (Path dir : dirs) {
                Path siblings = dir.resolve("topology/thread_siblings_list");
                if (Files.isReadable(siblings)) {
                    cores.add(Files.readString(siblings).strip());
                }
            }
        } catch (IOException e) {
            return logical; // not Linux: let hyper-threads count
        }
        return cores.isEmpty() ? logical : cores.size();
    }
}
