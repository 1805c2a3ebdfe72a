package dev.tenon.data;

import java.util.Locale;

/// Where a [DataLoader]'s time went, summed over all epochs so far.
///
/// @param batches how many batches were handed on
/// @param samples how many samples were in them
/// @param consumerWaitSeconds how long whoever takes the batches waited for one
/// @param workerWaitSeconds how long workers waited for room, summed over workers
/// @param fillSeconds how long workers read, collated and transformed, summed over workers
/// @param copySeconds how long the taking thread spent making tensors from batches
public record LoaderStats(
        long batches, long samples, double consumerWaitSeconds, double workerWaitSeconds, double fillSeconds,
        double copySeconds) {

    /// Which side holds up the other: `loader` if the consumer waits more than twice as long as the workers, `consumer`
    /// if the workers wait more than twice as long as the consumer; `none` if neither, or if the longer wait is less
    /// than a tenth of the time that it takes to fill batches.
    public String bottleneck() {
        if (Math.max(consumerWaitSeconds, workerWaitSeconds) < 0.1 * fillSeconds) {
            return "none";
        }
        return consumerWaitSeconds > 2 * workerWaitSeconds ? "loader"
            : workerWaitSeconds > 2 * consumerWaitSeconds ? "consumer" : "none";
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT,
            "%d batches, %d samples; consumer waited %.3f s, workers waited %.3f s and filled %.3f s, copies %.3f s",
            batches, samples, consumerWaitSeconds, workerWaitSeconds, fillSeconds, copySeconds);
    }
}
