package dev.tenon.benchmarks;

/// A prepared case: its operands exist, and each run computes it once more.
interface Work extends AutoCloseable {
    /// Computes it once, or has a device begin with it.
    void run();

    /// Returns when what was begun is done.
    default void finish() {}

    @Override
    default void close() {}
}
