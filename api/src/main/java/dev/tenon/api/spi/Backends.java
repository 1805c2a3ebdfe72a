package dev.tenon.api.spi;

import java.util.List;

/// What was found of backends: for programs that show it, and for messages.
public final class Backends {
    private Backends() {}

    /// A provider with what its probe said.
    ///
    /// @param name the backend's name; the name of its class, or `?`, where it could not be constructed
    /// @param priority automatic selection takes the highest
    /// @param probe its devices, or why there are none
    public record Found(String name, int priority, BackendProvider.Probe probe) {}

    /// Every provider on the class and module path that `-Dtenon.backends` admits, highest priority first, also those
    /// that are broken or have no device. Probed once in the life of the process.
    public static List<Found> found() {
        return dev.tenon.api.internal.Backends.found().stream()
                .map(f -> new Found(f.name(), f.priority(), f.probe()))
                .toList();
    }
}
