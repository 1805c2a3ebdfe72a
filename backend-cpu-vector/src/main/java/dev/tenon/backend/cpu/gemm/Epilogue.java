package dev.tenon.backend.cpu.gemm;

/// What is still to be done with finished parts of the product (bias, activation) while they are in the cache.
@FunctionalInterface
public interface Epilogue {

    /// Rows `i0 .. i0 + rows`, columns `j0 .. j0 + cols` are finished; called once for every element, from any
    /// thread of the pool.
    void apply(int i0, int rows, int j0, int cols);
}
