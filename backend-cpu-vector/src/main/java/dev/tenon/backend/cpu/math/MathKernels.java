package dev.tenon.backend.cpu.math;

/// Functions over contiguous blocks by raw address; `src == dst` is allowed, partial overlap is not.
///
/// Largest errors of the vector kernels, in ulp, over a million f32 values of all exponents (VectorMathTest holds
/// them to 2 at most): softplus
/// 1.38, sigmoid 1.49, rsqrt 1.48, erf 0.97, exp 0.83, acos 0.78, cosh 0.76, asin 0.69, sin, cos and tan 0.61, tanh
/// 0.57, all others under 0.6.
/// f64: within 1 ulp of StrictMath, tanh, sigmoid and softplus within 2. Special values are C99's. These figures are
/// those of x86-64 with SVML.
///
/// Blocks of some hundreds to some thousands of elements are best: long enough to hide the call, short enough to
/// stay in the cache.
public interface MathKernels {

    /// The vector kernels when the Vector API is there and not switched off, otherwise the scalar ones.
    static MathKernels best() {
        return Holder.BEST;
    }

    /// The scalar kernels, whatever is there.
    static MathKernels scalar() {
        return new ScalarMathKernels();
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
