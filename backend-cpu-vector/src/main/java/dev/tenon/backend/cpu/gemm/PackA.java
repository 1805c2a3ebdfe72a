package dev.tenon.backend.cpu.gemm;

/// Where the left operand comes from.
@FunctionalInterface
public interface PackA {

    /// Packs rows `i0 .. i0 + rows` and inner indices `k0 .. k0 + kc` as [GemmKernel#packA] does.
    void pack(int i0, int rows, int k0, int kc, long dst);

    /// The address of element `(i, k)` if rows lie [#rowStep()] apart in memory and may be read in place, otherwise 0.
    default long direct(int i, int k) {
        return 0;
    }

    /// Bytes from row to row when read in place.
    default long rowStep() {
        return 0;
    }

    /// Bytes from one inner index to the next when read in place.
    default long step() {
        return 0;
    }
}
