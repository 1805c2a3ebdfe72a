package dev.tenon.data;

import java.util.Locale;

/// Where the time of a [DataLoader] or of one of its epochs went.
///
/// @param batches how many batches were handed on
/// @param samples how many samples were in them
/// @param workers how many threads filled batches; 0 if the one that took them did
/// @param consumerWaitSeconds how long whoever takes the batches waited for one
/// @param workerWaitSeconds how long workers waited for room, summed over workers
/// @param decodeSeconds how long workers read samples and transformed them one by one, summed over workers; for a
///     [BatchSource] that writes its samples into the batch itself, that too
/// @param collateSeconds how long workers wrote samples into batches, summed over workers
/// @param transformSeconds how long workers transformed batches, summed over workers
/// @param copySeconds how long tensors were made from batches: by the thread that copies ahead, and by the taking one
/// @param computeSeconds how long whoever takes the batches was busy between one and the next
public record LoaderStats(
        long batches, long samples, int workers, double consumerWaitSeconds, double workerWaitSeconds,
        double decodeSeconds, double collateSeconds, double transformSeconds, double copySeconds,
        double computeSeconds) {

    /// Below this share of the time, waiting for data is not worth a change.
    private static final double TOLERABLE = 0.05;

    /// How long workers read, collated and transformed, summed over workers.
    public double fillSeconds() {
        return decodeSeconds + collateSeconds + transformSeconds;
    }

    /// What limits the speed: `consumer` if it waits for less than a twentieth of the time, and otherwise what takes
    /// longest of `decode`, `collate` and `transform`, each shared by the workers, and `copy`. `none` before the first
    /// batch.
    public String bottleneck() {
        if (batches == 0) {
            return "none";
        }
        int each = Math.max(1, workers);
        double copy = copySeconds;
        double busiest = Math.max(Math.max(decodeSeconds, collateSeconds), transformSeconds) / each;
        if (consumerWaitSeconds <= TOLERABLE * (consumerWaitSeconds + computeSeconds + copy)) {
            return copy > computeSeconds && copy > busiest ? "copy" : "consumer";
        }
        if (copy > busiest) {
            return "copy";
        }
        return decodeSeconds >= Math.max(collateSeconds, transformSeconds) ? "decode"
            : collateSeconds >= transformSeconds ? "collate" : "transform";
    }

    /// What limits the speed and what can be done about it, in one sentence.
    public String advice() {
        String more = workers == 0 ? "use workers()" : "use more workers";
        return switch (bottleneck()) {
            case "none" -> "nothing was loaded.";
            case "consumer" -> "computing limits: the loader keeps up.";
            case "decode" -> "decoding limits: " + more + " or cache().";
            case "collate" -> "collating limits: " + more + ", or a data set that is a BatchSource.";
            case "transform" -> "transforming batches limits: " + more + ", or transform on the device.";
            default -> "copying to the device limits: use pinMemory(true), smaller dtypes (U8) or larger batches.";
        };
    }

    /// A small table of all this, and the [advice][#advice()].
    public String report() {
        double wall = consumerWaitSeconds + computeSeconds;
        StringBuilder out = new StringBuilder(String.format(Locale.ROOT,
            "%d batches, %d samples, %s%n  %-26s %9s %13s%n", batches, samples,
            workers == 0 ? "no workers" : workers == 1 ? "1 worker" : workers + " workers",
            "stage", "seconds", "us per sample"));
        line(out, "waiting for data", consumerWaitSeconds);
        line(out, "computing", computeSeconds);
        line(out, "decode (all workers)", decodeSeconds);
        line(out, "collate (all workers)", collateSeconds);
        line(out, "transform (all workers)", transformSeconds);
        line(out, "copy", copySeconds);
        line(out, "workers waiting for room", workerWaitSeconds);
        return out.append(String.format(Locale.ROOT, "%.0f samples/s; %s", wall > 0 ? samples / wall : 0, advice()))
            .toString();
    }

    private void line(StringBuilder out, String stage, double seconds) {
        out.append(String.format(Locale.ROOT, "  %-26s %9.3f %13.2f%n", stage, seconds,
            samples == 0 ? 0 : seconds * 1e6 / samples));
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%d batches, %d samples; consumer waited %.3f s and computed %.3f s, workers"
            + " waited %.3f s, decoded %.3f s, collated %.3f s and transformed %.3f s, copies %.3f s",
            batches, samples, consumerWaitSeconds, computeSeconds, workerWaitSeconds, decodeSeconds, collateSeconds,
            transformSeconds, copySeconds);
    }
}
