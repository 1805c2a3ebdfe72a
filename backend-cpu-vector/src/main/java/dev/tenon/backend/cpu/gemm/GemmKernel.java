package dev.tenon.backend.cpu.gemm;

/// The innermost pieces of a matrix product in one element type: a register tile, and the copies around it.
///
/// `A` is packed on the heap (its elements are read one by one and broadcast, which is cheapest from an array), `B` off-heap in rows of [#nr()]
/// elements aligned to cache lines, or read in place. A tile's result goes to a small array first, and from there to C: that keeps the
/// method with the accumulators small enough for C2 to inline all of it.
public interface GemmKernel {

    /// Rows of a tile.
    int mr();

    /// Columns of a tile.
    int nr();

    /// Bytes of an element.
    int bytes();

    /// A `float[]` or `double[]`.
    Object newArray(int length);

    /// `acc[mr][nr] = sum over k of a[ao + k * mr + i] * b[k * bStep + j]`; `bStep` in bytes.
    void tile(int kc, Object a, int ao, long b, long bStep, Object acc);

    /// Writes the upper left corner of a tile whose first element is at `c`, or adds it to what is there; columns from `firstCol` of the tile on.
    void store(Object acc, int firstCol, long c, long rowBytes, long colBytes, int rows, int cols, boolean add);

    /// Packs rows of A into panels of `mr` rows, the last one filled up with zeros: `dst[to + (i / mr) * kc * mr + k * mr + i % mr]`.
    void packA(long a, long rowBytes, long colBytes, int rows, int kc, Object dst, int to);

    /// Packs columns of B into panels of `nr` columns, the last one filled up with zeros:
    /// `dst[(j / nr) * kc * nr + k * nr + j % nr]`.
    void packB(long b, long rowBytes, long colBytes, int kc, int cols, long dst);


    /// Part of a row of a padded input: `dst[i] = lo <= i < hi ? src[i * step] : 0` for `0 <= i < len`; `step` in bytes.
    void window(long src, long step, int lo, int hi, int len, long dst);

    /// The dot product of two contiguous vectors.
    double dot(long x, long y, long n);

    /// `y += alpha * x`, contiguous.
    void axpy(double alpha, long x, long y, long n);

    /// `y += x`, contiguous.
    void add(long x, long y, long n);

    /// The kernel for floats.
    static GemmKernel f32() {
        return Holder.F32;
    }

    /// The kernel for doubles.
    static GemmKernel f64() {
        return Holder.F64;
    }

    /// Chooses once, and names the vector classes only where they may be loaded.
    final class Holder {
        private static final boolean VECTOR = dev.tenon.backend.cpu.VectorSupport.AVAILABLE;
        private static final GemmKernel F32 = VECTOR ? VectorGemmF32.create() : new ScalarGemm(4);
        private static final GemmKernel F64 = VECTOR ? VectorGemmF64.create() : new ScalarGemm(8);

        private Holder() {}
    }
}
