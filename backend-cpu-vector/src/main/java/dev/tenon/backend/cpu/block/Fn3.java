package dev.tenon.backend.cpu.block;

/// A function of three blocks; the result may lie where an operand lies if their elements have the same size.
@FunctionalInterface
public interface Fn3 {
    /// Computes `n` elements at `out` from those at `a`, `b` and `c`.
    void run(long a, long b, long c, long out, int n);
}
