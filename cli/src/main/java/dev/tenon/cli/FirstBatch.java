package dev.tenon.cli;

import dev.tenon.api.Device;
import dev.tenon.nn.train.Callback;
import dev.tenon.nn.train.TrainingRun;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/// Says once how long it took from the start of the process until a step of the optimiser was done.
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
        ProcessHandle.Info process = ProcessHandle.current().info();
        Optional<Instant> start = process.startInstant();
        // Some systems do not tell.
        if (start.isEmpty()) {
            return;
        }
        seconds = Duration.between(start.get(), Instant.now()).toMillis() / 1e3;
        err.printf(Locale.ROOT, "first batch %.2f s after the start of the process%s%n", seconds,
            process.totalCpuDuration().map(cpu -> String.format(Locale.ROOT, ", %.2f s of processor time",
                cpu.toMillis() / 1e3)).orElse(""));
        err.flush();
    }

    /// From the start of the process to the end of the first step, or NaN.
    double seconds() {
        return seconds;
    }
}
