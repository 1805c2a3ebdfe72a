package dev.tenon.graph;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The time that each op of a graph takes, measured on this thread while the trace is open:
///
/// ```java
/// try (var trace = Trace.open()) {
///     graph.run(x);
///     trace.writeChrome(Path.of("trace.json"));   // for chrome://tracing or https://ui.perfetto.dev
/// }
/// ```
///
/// Each op is waited for, so that its time is its own; a run as a whole is slower for that. Without an open trace the
/// times come as `dev.tenon.GraphOp` events of a running Java Flight Recorder.
public final class Trace implements AutoCloseable {
    private static final ThreadLocal<@Nullable Trace> CURRENT = new ThreadLocal<>();
    private static final boolean HAS_RECORDER = ModuleLayer.boot().findModule("jdk.jfr").isPresent();
    private static final Trace EVENTS_ONLY = new Trace(false);

    /// The time of one op.
    ///
    /// @param op its name
    /// @param types the types of its operands
    /// @param origin the line that recorded it
    /// @param startNanos when it began, since the trace was opened
    /// @param nanos how long it took
    public record Entry(String op, String types, String origin, long startNanos, long nanos) {}

    private final boolean keeps;
    private final @Nullable Trace outer;
    private final long start = System.nanoTime();
    private final List<Entry> entries = new ArrayList<>();

    private Trace(boolean keeps) {
        this.keeps = keeps;
        this.outer = keeps ? CURRENT.get() : null;
    }

    /// Measures runs of graphs on this thread until closed.
    public static Trace open() {
        Trace t = new Trace(true);
        CURRENT.set(t);
        return t;
    }

    static @Nullable Trace current() {
        Trace t = CURRENT.get();
        return t != null ? t : HAS_RECORDER && OpEvent.isOn() ? EVENTS_ONLY : null;
    }

    void timed(Step s, Runnable body) {
        OpEvent event = HAS_RECORDER ? OpEvent.start() : null;
        long from = System.nanoTime();
        body.run();
        if (s.kernel() != null) {
            s.out().getFirst().buffer().device.synchronize();
        }
        long nanos = System.nanoTime() - from;
        String types = s.in().stream().map(Slot::type).toList().toString();
        Node n = s.node();
        String origin = (n == null ? Origin.UNKNOWN : n.origin()).toString();
        if (event != null) {
            event.finish(s.op().name(), types, origin);
        }
        if (keeps) {
            entries.add(new Entry(s.op().name(), types, origin, from - start, nanos));
        }
    }

    /// The ops in the order of their runs.
    public List<Entry> entries() {
        return List.copyOf(entries);
    }

    /// Writes the times in the trace event format of Chrome. The file is there whole or not at all.
    ///
    /// @throws IOException if it cannot be written
    public void writeChrome(Path file) throws IOException {
        StringBuilder s = new StringBuilder("{\"traceEvents\":[");
        for (int i = 0; i < entries.size(); i++) {
            Entry e = entries.get(i);
            s.append(i == 0 ? "\n" : ",\n").append(String.format(Locale.ROOT,
                    "{\"name\":%s,\"cat\":\"op\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":%.3f,\"dur\":%.3f,"
                            + "\"args\":{\"operands\":%s,\"origin\":%s}}",
                    quoted(e.op), e.startNanos / 1e3, e.nanos / 1e3, quoted(e.types), quoted(e.origin)));
        }
        s.append("\n]}\n");
        Path absolute = file.toAbsolutePath();
        Path part = Files.createTempFile(absolute.getParent(), absolute.getFileName().toString(), ".part");
        try {
            Files.write(part, s.toString().getBytes(StandardCharsets.UTF_8));
            Files.move(part, absolute, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static String quoted(String text) {
        StringBuilder s = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                s.append('\\').append(c);
            } else if (c < ' ') {
                s.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                s.append(c);
            }
        }
        return s.append('"').toString();
    }

    @Override
    public void close() {
        if (CURRENT.get() != this) {
            throw new IllegalStateException("traces are closed on their own thread in the reverse order of opening");
        }
        if (outer == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(outer);
        }
    }
}
