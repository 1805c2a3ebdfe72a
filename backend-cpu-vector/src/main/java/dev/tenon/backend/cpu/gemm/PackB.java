package dev.tenon.backend.cpu.gemm;

/// Where the right operand comes from: memory, or a convolution's input seen as a matrix that is never written down.
@FunctionalInterface
public interface PackB {

    /// Packs inner indices `k0 .. k0 + kc` and columns `j0 .. j0 + cols` as [GemmKernel#packB] does.
    void pack(int k0, int kc, int j0, int cols, long dst);

    /// The address of element `(k, j)` if a full panel may be read in place from there, otherwise 0.
    default long direct(int k, int j) {
        return 0;
    }

    /// Bytes from one inner index to the next when read in place.
    default long step() {
        return 0;
    }
}
