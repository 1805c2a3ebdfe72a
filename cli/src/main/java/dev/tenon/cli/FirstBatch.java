package dev.tenon.cli;

import dev.tenon.api.Device;
import dev.tenon.nn.train.Callback;
import dev.tenon.nn.train.TrainingRun;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/// Says once how long it took from the start of Java until a step of the optimiser was done: the process may be older,
/// since the launcher builds in it what is not built yet.
final class FirstBatch implements Callback {
    private final Device device;
    private final PrintWriter err;
    private double seconds = Double.NaN;

    FirstBatch(Device device, PrintWriter err) {
        this.device = device;
        this.err = err;
    }

    @Override
    public void onStepEnd(TrainingRun run) {
        if (!Double.isNaN(seconds)) {
            return;
        }
        device.synchronize();
        Instant start = Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
        seconds = Duration.between(start, Instant.now()).toMillis() / 1e3;
        Optional<Duration> busy = ProcessHandle.current().info().totalCpuDuration();
        err.printf(Locale.ROOT, "first batch %.2f s after the start of Java%s%n", seconds,
            busy.map(cpu -> String.format(Locale.ROOT, ", %.2f s of processor time", cpu.toMillis() / 1e3))
                    .orElse(""));
        err.flush();
    }

    /// From the start of Java to the end of the first step, or NaN.
    double seconds() {
        return seconds;
    }
}
