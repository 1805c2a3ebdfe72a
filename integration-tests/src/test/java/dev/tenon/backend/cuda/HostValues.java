package dev.tenon.backend.cuda;

import dev.tenon.backend.cuda.FakeCudnn.Tensor;
import java.util.HashMap;
import java.util.Map;

/// The tensors of a graph of operations while it is computed: in memory, or between two operations.
final class HostValues {
    private final Map<Long, Long> places;
    private final Map<Long, double[]> between = new HashMap<>();

    /// @param places addresses by the tensors' numbers
    HostValues(Map<Long, Long> places) {
        this.places = places;
    }

    /// Whether the tensor is between two operations, or lies where it says that it does.
    boolean hasPlace(Tensor t) {
        return t.virtual() || places.containsKey(t.id()) && (t.byValue() || places.get(t.id()) % t.alignment() == 0);
    }

    /// The elements in row-major order.
    double[] load(Tensor t) {
        double[] v = t.virtual() ? between.get(t.id()) : HostTensors.load(t, places.get(t.id()));
        return v.clone();
    }

    void store(Tensor t, double[] values) {
        if (t.virtual()) {
            double[] rounded = values.clone();
            for (int i = 0; i < rounded.length; i++) {
                rounded[i] = HostTensors.rounded(t.type(), values[i]);
            }
            between.put(t.id(), rounded);
        } else {
            HostTensors.store(t, places.get(t.id()), values);
        }
    }
}
