package dev.tenon.api.spi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A file that shows what was done when, in the JSON array form of the Trace Event Format, which the viewers at
/// `chrome://tracing` and ui.perfetto.dev open. It has a row for each track: a thread, or a queue of a device.
///
/// With `-Dtenon.trace=FILE` every part of the framework that knows when things happen writes to one file. Viewers
/// accept a file without its closing bracket, so that of a process that was killed can be read as far as it goes.
public final class TraceFile implements AutoCloseable {
    /// The property that names the file of this process.
    public static final String PROPERTY = "tenon.trace";

    private static final long ORIGIN = System.nanoTime();
    /// Those that properties ask for, ended with the process.
    private static final Map<Path, TraceFile> OF_PROCESS = new LinkedHashMap<>();

    private final Path path;
    private final Writer out;
    private final Map<String, Integer> tracks = new HashMap<>();
    private final List<Runnable> beforeEnd = new ArrayList<>();
    private boolean first = true;
    private boolean closed;

    /// Begins a file, over one that is there.
    ///
    /// @throws IOException if it cannot be written
    public TraceFile(Path path) throws IOException {
        this.path = path;
        this.out = Files.newBufferedWriter(path);
        out.write("[\n");
    }

    /// The file that a property of this name asks for, or null. Ended when the process ends.
    ///
    /// @throws UncheckedIOException if the file cannot be written
    public static @Nullable TraceFile ofProcess(String property) {
        String file = System.getProperty(property, "");
        if (file.isBlank()) {
            return null;
        }
        Path wanted = Path.of(file).toAbsolutePath();
        synchronized (OF_PROCESS) {
            TraceFile t = OF_PROCESS.get(wanted);
            if (t == null) {
                try {
                    t = new TraceFile(wanted);
                } catch (IOException e) {
                    throw new UncheckedIOException("-D" + property + "=" + file + ": cannot be written: " + e, e);
                }
                if (OF_PROCESS.isEmpty()) {
                    Runtime.getRuntime().addShutdownHook(new Thread(TraceFile::endAll, "tenon-trace"));
                }
                OF_PROCESS.put(wanted, t);
            }
            return t;
        }
    }

    private static void endAll() {
        List<TraceFile> all;
        synchronized (OF_PROCESS) {
            all = List.copyOf(OF_PROCESS.values());
        }
        for (TraceFile t : all) {
            t.end();
        }
    }

    private void end() {
        List<Runnable> last;
        synchronized (this) {
            last = List.copyOf(beforeEnd);
        }
        last.forEach(Runnable::run);
        close();
    }

    /// Something to do before the process ends, such as to add what has not been added yet.
    public synchronized void beforeEnd(Runnable what) {
        beforeEnd.add(what);
    }

    /// A time of [System#nanoTime] as the file counts it, in microseconds.
    public static double micros(long nanoTime) {
        return (nanoTime - ORIGIN) / 1e3;
    }

    /// Adds an interval.
    ///
    /// @param track the row: the name of a thread or of a queue
    /// @param name what was done
    /// @param start when it began, as [System#nanoTime] counts
    /// @param end when it ended
    /// @param args what a viewer shows of it
    /// @throws UncheckedIOException if the file cannot be written
    public synchronized void add(String track, String name, long start, long end, Map<String, ? extends Number> args) {
        if (closed) {
            return;
        }
        Integer row = tracks.get(track);
        if (row == null) {
            row = tracks.size() + 1;
            tracks.put(track, row);
            write("{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":" + row + ",\"args\":{\"name\":\""
                    + escaped(track) + "\"}}");
        }
        StringBuilder values = new StringBuilder();
        args.forEach((k, v) -> values.append(values.isEmpty() ? "" : ",").append('"').append(escaped(k)).append("\":")
                .append(v));
        write(String.format(Locale.ROOT,
                "{\"name\":\"%s\",\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,\"args\":{%s}}",
                escaped(name), row, micros(start), (end - start) / 1e3, values));
    }

    private void write(String json) {
        try {
            out.write(first ? json : ",\n" + json);
            first = false;
        } catch (IOException e) {
            throw failed(e);
        }
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

    /// Brings the file up to date.
    ///
    /// @throws UncheckedIOException if it cannot be written
    public synchronized void flush() {
        try {
            if (!closed) {
                out.flush();
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /// Ends the file. What is added later is not written.
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
