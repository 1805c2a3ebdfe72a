package dev.tenon.api.spi;

/// A mark in a stream.
public interface Event {
    /// Whether everything enqueued before the mark is done.
    boolean isDone();

    /// Blocks until everything enqueued before the mark is done.
    void synchronize();
}
