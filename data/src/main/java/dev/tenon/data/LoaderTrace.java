package dev.tenon.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A file that shows when each thread of a [DataLoader] decoded, collated, copied, waited or computed, in the JSON
/// array form of the Trace Event Format, which the viewers at `chrome://tracing` and ui.perfetto.dev open.
///
/// Given to [DataLoader.Builder#trace], or for all loaders of the process by `-Dtenon.data.trace=FILE`. The file is
/// brought up to date at the end of every epoch, and viewers accept it without its closing bracket. Within a batch the
/// decoding and collating of its samples take turns; the trace shows their sums, one after the other.
public final class LoaderTrace implements AutoCloseable {
    /// The property that names a file for all loaders.
    public static final String PROPERTY = "tenon.data.trace";

    private static final long ORIGIN = System.nanoTime();
    private static @Nullable LoaderTrace ofProcess;

    private final Path path;
    private final Writer out;
    private final Set<Long> named = new HashSet<>();
    private boolean first = true;
    private boolean closed;

    /// Begins a file, over one that is there.
    ///
    /// @throws IOException if it cannot be written
    public LoaderTrace(Path path) throws IOException {
        this.path = path;
        this.out = Files.newBufferedWriter(path);
        out.write("[\n");
    }

    /// The one that the property asks for, or null.
    ///
    /// @throws UncheckedIOException if the file cannot be written
    static synchronized @Nullable LoaderTrace ofProcess() {
        String file = System.getProperty(PROPERTY, "");
        if (file.isBlank()) {
            return null;
        }
        Path wanted = Path.of(file);
        if (ofProcess == null || !ofProcess.path.equals(wanted)) {
            try {
                ofProcess = new LoaderTrace(wanted);
            } catch (IOException e) {
                throw new UncheckedIOException("-D" + PROPERTY + "=" + file + ": cannot be written: " + e, e);
            }
        }
        return ofProcess;
    }

    synchronized void add(String stage, long start, long end, long epoch, long batch) {
        if (closed) {
            return;
        }
        Thread thread = Thread.currentThread();
        try {
            if (named.add(thread.threadId())) {
                event("{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":" + thread.threadId()
                    + ",\"args\":{\"name\":\"" + escaped(thread.getName()) + "\"}}");
            }
            event(String.format(Locale.ROOT,
                "{\"name\":\"%s\",\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,"
                    + "\"args\":{\"epoch\":%d,\"batch\":%d}}",
                stage, thread.threadId(), (start - ORIGIN) / 1e3, (end - start) / 1e3, epoch, batch));
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private void event(String json) throws IOException {
        out.write(first ? json : ",\n" + json);
        first = false;
    }

    private static String escaped(String name) {
        StringBuilder s = new StringBuilder();
        for (char c : name.toCharArray()) {
            if (c == '"' || c == '\\') {
                s.append('\\').append(c);
            } else {
                s.append(c < ' ' ? '?' : c);
            }
        }
        return s.toString();
    }

    private UncheckedIOException failed(IOException e) {
        return new UncheckedIOException("trace " + path + " cannot be written: " + e.getMessage(), e);
    }

    synchronized void flush() {
        try {
            if (!closed) {
                out.flush();
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /// Ends the file. What is noted later is not written.
    ///
    /// @throws UncheckedIOException if the file cannot be written
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (out) {
            out.write("\n]\n");
        } catch (IOException e) {
            throw failed(e);
        }
    }
}
