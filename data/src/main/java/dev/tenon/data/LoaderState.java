package dev.tenon.data;

import java.util.LinkedHashMap;
import java.util.Map;

/// Where a [DataLoader] stands: all that must be saved to go on with the very batch that would have come next. Orders
/// and random numbers depend on seed, epoch and index alone, so samplers have no state of their own.
///
/// @param seed of shuffling and transforms
/// @param epoch the epoch of the batch that comes next
/// @param batch its number in that epoch
/// @param batches how many batches an epoch has
/// @param samples how many samples an epoch has
public record LoaderState(long seed, long epoch, long batch, long batches, long samples) {
    /// @throws IllegalArgumentException if a number other than the seed is negative
    public LoaderState {
        if (epoch < 0 || batch < 0 || batches < 0 || samples < 0) {
            throw new IllegalArgumentException("state of a loader: epoch " + epoch + ", batch " + batch + " of "
                + batches + ", " + samples + " samples: expected numbers that are not negative");
        }
    }

    /// The state as names and decimal numbers, for files.
    public Map<String, String> toMap() {
        Map<String, String> out = new LinkedHashMap<>();
        out.put("seed", Long.toString(seed));
        out.put("epoch", Long.toString(epoch));
        out.put("batch", Long.toString(batch));
        out.put("batches", Long.toString(batches));
        out.put("samples", Long.toString(samples));
        return out;
    }

    /// The state that [#toMap()] gave.
    ///
    /// @throws IllegalArgumentException if a name is missing or its value is no number
    public static LoaderState of(Map<String, String> map) {
        return new LoaderState(number(map, "seed"), number(map, "epoch"), number(map, "batch"), number(map, "batches"),
            number(map, "samples"));
    }

    private static long number(Map<String, String> map, String name) {
        String text = map.get(name);
        if (text == null) {
            throw new IllegalArgumentException("state of a loader: \"" + name + "\" is missing from " + map.keySet());
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("state of a loader: " + name + " \"" + text + "\" is no number", e);
        }
    }
}
