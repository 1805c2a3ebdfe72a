package dev.tenon.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;

/// Times a piece of work: first runs it until it is warm, then takes samples of some milliseconds each.
final class Stopwatch {
    /// @param median nanoseconds of one run
    /// @param best nanoseconds of one run in the fastest sample
    /// @param samples how many
    record Reading(double median, double best, int samples) {}

    /// Whether the processor time of this thread counts, instead of the clock on the wall: see `--one-thread`.
    private static final boolean CPU = Boolean.getBoolean("tenon.bench.cpu");
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final long SAMPLE_NANOS = 3_000_000;
    private static final int LEAST_SAMPLES = 5;

    private Stopwatch() {}

    /// @param warmUp seconds of running before the first sample, at least one run
    /// @param seconds of sampling, at least five samples
    static Reading time(Work work, double warmUp, double seconds) {
        warm(work, warmUp);
        // So many runs to a sample that the clock's own cost and grain do not show.
        long inner = 1;
        long took = once(work, 1);
        while (took < SAMPLE_NANOS) {
            inner = Math.max(inner + 1, (long) (inner * 1.2 * SAMPLE_NANOS / Math.max(took, 1)));
            took = once(work, inner);
        }
        double[] samples = new double[1024];
        int n = 0;
        long start = System.nanoTime();
        while (n < LEAST_SAMPLES || n < samples.length && System.nanoTime() - start < seconds * 1e9) {
            samples[n++] = (double) once(work, inner) / inner;
        }
        double[] sorted = Arrays.copyOf(samples, n);
        Arrays.sort(sorted);
        return new Reading(sorted[n / 2], sorted[0], n);
    }

    /// Runs for as long as asked, then on while the last half second was a twentieth faster than the one before: where
    /// the cores are shared, compilers take several times as long. Four times as long at most.
    private static void warm(Work work, double seconds) {
        long start = now();
        double last = Double.MAX_VALUE;
        while (true) {
            long from = now();
            long runs = 0;
            do {
                work.run();
                work.finish();
                runs++;
            } while (now() - from < Math.min(0.5, seconds) * 1e9);
            double each = (double) (now() - from) / runs;
            double done = (now() - start) / 1e9;
            if (done >= 4 * seconds || done >= seconds && each > 0.95 * last) {
                return;
            }
            last = each;
        }
    }

    private static long now() {
        return CPU ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
    }

    private static long once(Work work, long runs) {
        long start = now();
        for (long i = 0; i < runs; i++) {
            work.run();
        }
        work.finish();
        return now() - start;
    }
}
