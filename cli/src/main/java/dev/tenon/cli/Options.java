package dev.tenon.cli;

import dev.tenon.api.BackendException;
import dev.tenon.api.Device;
import dev.tenon.api.spi.TraceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// What several commands do with their options.
final class Options {
    private Options() {}

    /// @throws UsageException if there is no such device
    static Device device(@Nullable String name) {
        try {
            return name == null ? Device.getDefault() : Device.of(name);
        } catch (BackendException e) {
            throw new UsageException((name == null ? "" : "--device: ") + e.getMessage(), e);
        }
    }

    /// Sets how many threads compute on the CPU, which its backend reads when it starts.
    static void threads(@Nullable Integer threads) {
        if (threads != null) {
            System.setProperty("tenon.cpu.threads", Integer.toString(count("--threads", threads, 4096)));
        }
    }

    /// Sets the file that loaders and devices write their times to when they start.
    ///
    /// @throws UsageException if it cannot be written
    static void trace(@Nullable Path file) {
        if (file == null) {
            return;
        }
        System.setProperty(TraceFile.PROPERTY, file.toString());
        try {
            TraceFile.ofProcess(TraceFile.PROPERTY);
        } catch (UncheckedIOException e) {
            System.clearProperty(TraceFile.PROPERTY);
            throw new UsageException("--trace " + file + ": cannot be written: " + e.getCause(), e);
        }
    }

    /// @throws UsageException if the value is not from 1 to the most
    static int count(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new UsageException(option + " " + value + ": expected 1 to " + most);
        }
        return value;
    }

    /// The most memory this process ever had in RAM, or null where the system does not say.
    static @Nullable Long peakRss() {
        Path status = Path.of("/proc/self/status");
        try {
            if (!Files.isReadable(status)) {
                return null;
            }
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                }
            }
            return null;
        } catch (IOException e) {
            return null;
        }
    }
}
