package dev.tenon.backend.cpu.gemm;

/// Where the product goes.
public interface StoreC {

    /// The address of element `(i, j)` if the `rows x cols` elements from it on form a matrix with contiguous
    /// columns and rows [#step()] apart,
    /// otherwise 0: then the tile comes by [#store].
    long direct(int i, int j, int cols);

    /// Bytes from row to row.
    long step();

    /// Writes (or adds) the upper left `rows x cols` corner of a tile in memory to rows from `i` and columns from
    /// `j` on.
    void store(GemmKernel kernel, long tile, int i, int rows, int j, int cols, boolean add);

    /// A strided matrix.
    static StoreC matrix(GemmKernel kernel, long c, long rowBytes, long colBytes) {
        boolean contiguous = colBytes == kernel.bytes();
        return new StoreC() {
            @Override
            public long direct(int i, int j, int cols) {
                return contiguous ? c + i * rowBytes + j * colBytes : 0;
            }

            @Override
            public long step() {
                return rowBytes;
            }

            @Override
            public void store(GemmKernel k, long tile, int i, int rows, int j, int cols, boolean add) {
                k.store(tile, 0, c + i * rowBytes + j * colBytes, rowBytes, colBytes, rows, cols, add);
            }
        };
    }
}
