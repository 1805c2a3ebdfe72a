package dev.tenon.nn.optim;

import java.util.Map;

/// What has a state of a few numbers that is saved with a training run and restored exactly.
public interface Stateful {
    /// The state.
    Map<String, Double> stateDict();

    /// Takes over a state that [#stateDict()] gave.
    ///
    /// @throws IllegalArgumentException if the state does not fit; nothing has been changed
    void loadStateDict(Map<String, Double> state);
}
