package dev.tenon.backend.cpu.gemm;

/// Where the left operand comes from.
@FunctionalInterface
public interface PackA {

    /// Packs rows `i0 .. i0 + rows` and inner indices `k0 .. k0 + kc` as [GemmKernel#packA] does.
    void pack(int i0, int rows, int k0, int kc, Object dst, int to);
}
