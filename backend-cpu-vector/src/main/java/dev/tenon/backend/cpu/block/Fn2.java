package dev.tenon.backend.cpu.block;

/// A function of two blocks; the result may lie where an operand lies if their elements have the same size.
@FunctionalInterface
public interface Fn2 {
    /// Computes `n` elements at `out` from those at `a` and `b`.
    void run(long a, long b, long out, int n);
}
