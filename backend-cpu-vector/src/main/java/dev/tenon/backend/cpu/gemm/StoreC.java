package dev.tenon.backend.cpu.gemm;

/// Where the product goes.
@FunctionalInterface
public interface StoreC {

    /// Writes (or adds) the upper left `rows x cols` corner of a tile to rows from `i` and columns from `j` on.
    void store(GemmKernel kernel, Object acc, int i, int rows, int j, int cols, boolean add);

    /// A strided matrix.
    static StoreC matrix(long c, long rowBytes, long colBytes) {
        return (kernel, acc, i, rows, j, cols, add) ->
                kernel.store(acc, 0, c + i * rowBytes + j * colBytes, rowBytes, colBytes, rows, cols, add);
    }
}
