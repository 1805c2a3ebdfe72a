package dev.tenon.backend.cpu.math;

/// Functions over contiguous blocks by raw address; `src == dst` is allowed, partial overlap is not.
///
/// Blocks of some hundreds to some thousands of elements are best: long enough to hide the call, short enough to stay in the cache.
public interface MathKernels {

    /// The vector kernels when the Vector API is there and not switched off, otherwise the scalar ones.
    static MathKernels best() {
        return Holder.BEST;
    }

    void f32(UnaryFn fn, long src, long dst, int n);

    void f64(UnaryFn fn, long src, long dst, int n);

    void f32(BinaryFn fn, long a, long b, long dst, int n);

    void f64(BinaryFn fn, long a, long b, long dst, int n);

    /// Widens IEEE half precision.
    void f16ToF32(long src, long dst, int n);

    /// Narrows to IEEE half precision, to nearest even.
    void f32ToF16(long src, long dst, int n);

    /// Widens bfloat16.
    void bf16ToF32(long src, long dst, int n);

    /// Narrows to bfloat16, to nearest even; NaN stays NaN.
    void f32ToBf16(long src, long dst, int n);

    /// Chooses once; the vector class is named only where it is used, so that it is never loaded without its module.
    final class Holder {
        private static final MathKernels BEST =
                dev.tenon.backend.cpu.VectorSupport.AVAILABLE ? VectorMathKernels.create() : new ScalarMathKernels();

        private Holder() {}
    }
}
