package dev.tenon.backend.cpu.block;

/// A function of one block; the result may lie where the operand lies if their elements have the same size.
@FunctionalInterface
public interface Fn1 {
    /// Computes `n` elements at `out` from those at `x`.
    void run(long x, long out, int n);
}
