package dev.tenon.data;

import dev.tenon.api.spi.TraceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A file that shows when each thread of a [DataLoader] decoded, collated, copied, waited or computed, for the viewers
/// at `chrome://tracing` and ui.perfetto.dev.
///
/// Given to [DataLoader.Builder#trace], or for all loaders of the process by `-Dtenon.data.trace=FILE`; by
/// `-Dtenon.trace=FILE` for all loaders and for devices that tell when they worked, in one file. The file is
/// brought up to date at the end of every epoch, and viewers accept it without its closing bracket. Within a batch the
/// decoding and collating of its samples take turns; the trace shows their sums, one after the other.
public final class LoaderTrace implements AutoCloseable {
    /// The property that names a file for all loaders.
    public static final String PROPERTY = "tenon.data.trace";

    private final TraceFile file;

    /// Begins a file, over one that is there.
    ///
    /// @throws IOException if it cannot be written
    public LoaderTrace(Path path) throws IOException {
        this(new TraceFile(path));
    }

    private LoaderTrace(TraceFile file) {
        this.file = file;
    }

    /// The one that the properties ask for, or null.
    ///
    /// @throws UncheckedIOException if the file cannot be written
    static @Nullable LoaderTrace ofProcess() {
        TraceFile own = TraceFile.ofProcess(PROPERTY);
        TraceFile f = own != null ? own : TraceFile.ofProcess(TraceFile.PROPERTY);
        return f == null ? null : new LoaderTrace(f);
    }

    void add(String stage, long start, long end, long epoch, long batch) {
        Map<String, Long> args = new LinkedHashMap<>();
        args.put("epoch", epoch);
        args.put("batch", batch);
        file.add(Thread.currentThread().getName(), stage, start, end, args);
    }

    void flush() {
        file.flush();
    }

    /// Ends the file. What is noted later is not written.
    ///
    /// @throws UncheckedIOException if the file cannot be written
    @Override
    public void close() {
        file.close();
    }
}
