package dev.tenon.nn.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What each epoch gave.
///
/// @param epochs in order
public record History(List<Epoch> epochs) {
    /// One epoch.
    ///
    /// @param number from 1
    /// @param values the loss and the metrics by name; those on the validation set begin with `val_`
    /// @param lr the learning rate of the first group of parameters after the epoch's last step, before callbacks that
    ///     change it between epochs
    /// @param seconds how long training took, validation aside
    /// @param samples how many samples were trained on
    public record Epoch(int number, Map<String, Double> values, double lr, double seconds, long samples) {
        /// Copies the map.
        public Epoch {
            values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        }

        /// A value by name.
        ///
        /// @throws IllegalArgumentException if the epoch has none of that name
        public double get(String name) {
            Double v = values.get(name);
            if (v == null) {
                throw new IllegalArgumentException("epoch " + number + " has no \"" + name + "\"; it has "
                        + values.keySet());
            }
            return v;
        }
    }

    /// Copies the list.
    public History {
        epochs = List.copyOf(epochs);
    }

    /// The last epoch.
    ///
    /// @throws java.util.NoSuchElementException if there was none
    public Epoch last() {
        return epochs.getLast();
    }

    /// The names of all values, in the order in which they first came.
    public Set<String> names() {
        Set<String> out = new LinkedHashSet<>();
        epochs.forEach(e -> out.addAll(e.values().keySet()));
        return out;
    }

    /// A value of each epoch, NaN where an epoch has none.
    ///
    /// @throws IllegalArgumentException if no epoch has one of that name
    public double[] get(String name) {
        if (!names().contains(name)) {
            throw new IllegalArgumentException("the history has no \"" + name + "\"; it has " + names());
        }
        return epochs.stream().mapToDouble(e -> e.values().getOrDefault(name, Double.NaN)).toArray();
    }

    // --- as text, in checkpoints

    void save(Map<String, String> text) {
        for (int i = 0; i < epochs.size(); i++) {
            Epoch e = epochs.get(i);
            String at = "history." + i + ".";
            text.put(at + "number", Integer.toString(e.number));
            text.put(at + "lr", Double.toString(e.lr));
            text.put(at + "seconds", Double.toString(e.seconds));
            text.put(at + "samples", Long.toString(e.samples));
            text.put(at + "names", String.join(" ", e.values.keySet()));
            e.values.forEach((name, v) -> text.put(at + "value." + name, v.toString()));
        }
    }

    static List<Epoch> load(Map<String, String> text) {
        List<Epoch> out = new ArrayList<>();
        for (int i = 0; text.containsKey("history." + i + ".number"); i++) {
            String at = "history." + i + ".";
            Map<String, Double> values = new LinkedHashMap<>();
            for (String name : word(text, at + "names").split(" ")) {
                values.put(name, Double.valueOf(word(text, at + "value." + name)));
            }
            out.add(new Epoch(Integer.parseInt(word(text, at + "number")), values,
                    Double.parseDouble(word(text, at + "lr")), Double.parseDouble(word(text, at + "seconds")),
                    Long.parseLong(word(text, at + "samples"))));
        }
        return out;
    }

    /// @throws IllegalArgumentException if there is none
    static String word(Map<String, String> text, String key) {
        String v = text.get(key);
        if (v == null) {
            throw new IllegalArgumentException("the state of the run has no \"" + key + "\"");
        }
        return v;
    }
}
