package dev.tenon.benchmarks;

/// A prepared case: its operands exist, and each run computes it once more.
interface Work extends AutoCloseable {
    /// Computes it once; the result is complete when this returns.
    void run();

    @Override
    default void close() {}
}
