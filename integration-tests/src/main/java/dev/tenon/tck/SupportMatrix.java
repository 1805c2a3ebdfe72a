package dev.tenon.tck;

import dev.tenon.api.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Which operation works for which dtype, as the run has shown it.
final class SupportMatrix {
    private enum State {
        OK("ok"),
        LIMITED("limited"),
        FAILED("FAILED");

        final String text;

        State(String text) {
            this.text = text;
        }
    }

    private final List<Limitation> limitations;
    private final Map<String, Map<DType, State>> cells = new TreeMap<>();

    SupportMatrix(List<Limitation> limitations) {
        this.limitations = List.copyOf(limitations);
    }

    /// The limitation that covers an operation, if one does.
    Optional<Limitation> limitation(String op, DType dtype) {
        return limitations.stream().filter(l -> l.covers(op, dtype)).findFirst();
    }

    void passed(String op, DType dtype) {
        note(op, dtype, State.OK);
    }

    void limited(String op, DType dtype) {
        note(op, dtype, State.LIMITED);
    }

    void failed(String op, DType dtype) {
        note(op, dtype, State.FAILED);
    }

    /// The worst that was seen stays.
    private synchronized void note(String op, DType dtype, State state) {
        cells.computeIfAbsent(op, _ -> new EnumMap<>(DType.class))
                .merge(dtype, state, (a, b) -> a.compareTo(b) >= 0 ? a : b);
    }

    /// The table: a row for each operation, a column for each dtype.
    synchronized String text(String device) {
        int width = cells.keySet().stream().mapToInt(String::length).max().orElse(0) + 1;
        StringBuilder s = new StringBuilder("Support matrix of device " + device + "\n" + pad("op", width));
        Arrays.stream(DType.values()).forEach(d -> s.append(pad(d.toString(), 8)));
        cells.forEach((op, row) -> {
            s.append('\n').append(pad(op, width));
            for (DType d : DType.values()) {
                State state = row.get(d);
                s.append(pad(state == null ? "-" : state.text, 8));
            }
        });
        List<String> notes = new ArrayList<>();
        for (Limitation l : limitations) {
            notes.add("\nlimited: " + l.op() + l.dtype().map(d -> " " + d).orElse("") + ": " + l.reason());
        }
        return s + String.join("", notes);
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(1, width - text.length()));
    }
}
