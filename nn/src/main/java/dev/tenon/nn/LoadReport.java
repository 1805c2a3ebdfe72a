package dev.tenon.nn;

import java.util.List;

/// What did not meet when a state dict was loaded without `strict`.
///
/// @param missing names that the module has and the state does not
/// @param unexpected names that the state has and the module does not
public record LoadReport(List<String> missing, List<String> unexpected) {
    /// Copies the lists.
    public LoadReport {
        missing = List.copyOf(missing);
        unexpected = List.copyOf(unexpected);
    }

    /// Whether every name met its partner.
    public boolean isComplete() {
        return missing.isEmpty() && unexpected.isEmpty();
    }
}
