package dev.tenon.nn.optim;

import dev.tenon.api.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// The state of an optimiser, as it is saved: everything that the next steps depend on beside the parameters.
///
/// @param tensors by `<number of the parameter>.<name>`; they share memory with the optimiser's
/// @param numbers by `<number of the parameter>.<name>`, and settings by `group<number of the group>.<name>`
public record OptimizerState(Map<String, Tensor> tensors, Map<String, Double> numbers) {
    /// Copies the maps.
    public OptimizerState {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        numbers = Collections.unmodifiableMap(new LinkedHashMap<>(numbers));
    }
}
