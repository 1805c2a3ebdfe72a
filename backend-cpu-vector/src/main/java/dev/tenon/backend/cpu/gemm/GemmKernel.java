package dev.tenon.backend.cpu.gemm;

/// The innermost pieces of a matrix product in one element type: a register tile, and the copies around it.
///
/// Both operands are packed off-heap (or read in place): `A` in panels whose inner index steps over [#mr()]
/// contiguous elements, `B` in
/// panels whose inner index steps over [#nr()] contiguous elements.
public interface GemmKernel {

    /// Rows of a tile.
    int mr();

    /// Columns of a tile: two vectors.
    int nr();

    /// Bytes of an element.
    int bytes();

    /// `c[i][j] = sum over k of a[k][i] * b[k][j]` for `i < rows` and `j < nr` (or `nr / 2` unless `wide`); steps in
    /// bytes from one `k` to
    /// the next, and from one row of C to the next. Reads exactly `rows` elements of A at each step. Any number of
    /// rows.
    void tile(int rows, boolean wide, int kc, long a, long aStep, long b, long bStep, long c, long cStep);

    /// The same for `j < nr / 2` with rows of A `aRow` bytes apart, wherever they lie.
    void narrow(int rows, int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cStep);

    /// `c[i][j] = sum over k of a[k][i] * b[k][j]` for `i < rows` and `j < nr`, where `a` is contiguous and rows of `b`
    /// are two runs of `nr / 2` elements, at `x + offsets[k]` and at `y + offsets[k]`; offsets, and the step from one
    /// row of C to the next, in bytes.
    void tileInPlace(int rows, long a, long[] offsets, long x, long y, long c, long cStep);

    /// Copies columns `firstCol .. firstCol + cols` of a tile in memory (rows of [#nr()] elements) to `c`, or adds
    /// them to what is there.
    void store(long tile, int firstCol, long c, long rowBytes, long colBytes, int rows, int cols, boolean add);

    /// Packs rows of A into panels of `mr` rows: `dst[(i / mr) * kc * mr + k * mr + i % mr]`. What the last panel
    /// holds in place of missing
    /// rows is arbitrary. Writes up to 64 bytes past the end.
    void packA(long a, long rowBytes, long colBytes, int rows, int kc, long dst);

    /// Packs columns of B into panels of `nr` columns: `dst[(j / nr) * kc * nr + k * nr + j % nr]`. What the last
    /// panel holds in place of missing
    /// columns is arbitrary.
    void packB(long b, long rowBytes, long colBytes, int kc, int cols, long dst);

    /// Part of a row of a padded input: `dst[i] = lo <= i < hi ? src[i * step] : 0` for `0 <= i < len`; `step` in
    /// bytes.
    void window(long src, long step, int lo, int hi, int len, long dst);

    /// Splits `rows` contiguous rows of `len` elements each into `parts` of every `parts`-th element:
    /// `dst[(r * parts + p) * pitch + i] = src[r * len + i * parts + p]`, and zeros up to the pitch, which is a
    /// multiple of `nr / 2` elements and given in bytes.
    void splitRows(long src, int len, int rows, int parts, long dst, long pitch);

    /// The inverse for one row: `dst[i] = src[i % parts * pitch + i / parts]` for `i < len`; the pitch in bytes. Reads
    /// whole vectors.
    void joinRows(long src, long pitch, int parts, int len, long dst);

    /// Copies `count` runs of `len` elements: `dst[i * pitch + j] = from[offsets[first + i] + j]`; offsets and pitch
    /// in bytes.
    void copyRows(long from, long[] offsets, int first, int count, int len, long dst, long pitch);

    /// `dst[r][i] = sum over t of w[t] * from[r][offsets[t] + i]` for `r < rows` and `i < len`; offsets, and the steps
    /// from one row to the next, in bytes. Reads whole vectors, so up to `nr / 2 - 1` elements beyond.
    void weighRows(long from, long fromStep, long[] offsets, long w, int rows, int len, long dst, long dstStep);

    /// `sums[t][lane] += y[r][i] * from[r][offsets[t] + i]` over `r < rows` and `i < len`; there are `nr / 2` lanes,
    /// and any of them takes a product. Reads whole vectors of `from`, so up to `nr / 2 - 1` elements beyond.
    void dotRows(long from, long fromStep, long[] offsets, long y, long yStep, int rows, int len, long sums);

    /// The dot product of two contiguous vectors.
    double dot(long x, long y, long n);

    /// `y += alpha * x`, contiguous.
    void axpy(double alpha, long x, long y, long n);

    /// `y += x`, contiguous.
    void add(long x, long y, long n);

    /// The kernel for floats.
    ///
    /// @param vector whether to use the Vector API; only where [dev.tenon.backend.cpu.VectorSupport#AVAILABLE]
    static GemmKernel f32(boolean vector) {
        return vector ? Vectors.F32 : Scalars.F32;
    }

    /// The kernel for doubles.
    ///
    /// @param vector whether to use the Vector API; only where [dev.tenon.backend.cpu.VectorSupport#AVAILABLE]
    static GemmKernel f64(boolean vector) {
        return vector ? Vectors.F64 : Scalars.F64;
    }

    /// Initialized, and with it the vector classes loaded, only when it is asked for.
    final class Vectors {
        private static final GemmKernel F32 = VectorGemmF32.create();
        private static final GemmKernel F64 = VectorGemmF64.create();

        private Vectors() {}
    }

    /// The kernels without the Vector API.
    final class Scalars {
        private static final GemmKernel F32 = new ScalarGemm(4);
        private static final GemmKernel F64 = new ScalarGemm(8);

        private Scalars() {}
    }
}
