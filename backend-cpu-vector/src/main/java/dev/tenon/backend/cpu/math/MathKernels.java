package dev.tenon.backend.cpu.math;

/// Functions over contiguous blocks by raw address; `src == dst` is allowed, partial overlap is not.
///
/// Largest errors of the vector kernels, in ulp, over a million f32 values of all exponents (VectorMathTest holds
/// them to 2 at most): softplus 1.62, sigmoid 1.49, rsqrt 1.48, log1p 1.34, tanh 1.29, expm1 1.21, erf 0.97, exp 0.83,
/// all others under 0.51. f64: within 1 ulp of StrictMath; expm1, sinh, cosh, tan, sigmoid, softplus and atan2 within
/// 2, tanh within 3. Special values are C99's. No library function is called, so these figures hold wherever Java runs,
/// and interpreted and compiled code give the same bits.
///
/// Blocks of some hundreds to some thousands of elements are best: long enough to hide the call, short enough to
/// stay in the cache.
public interface MathKernels {

    /// The vector kernels or the scalar ones.
    ///
    /// @param vector whether to use the Vector API; only where [dev.tenon.backend.cpu.VectorSupport#AVAILABLE]
    static MathKernels of(boolean vector) {
        return vector ? Vectors.KERNELS : Scalars.KERNELS;
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

    /// Initialized, and with it the vector classes loaded, only when it is asked for.
    final class Vectors {
        private static final MathKernels KERNELS = VectorMathKernels.create();

        private Vectors() {}
    }

    /// The kernels without the Vector API.
    final class Scalars {
        private static final MathKernels KERNELS = new ScalarMathKernels();

        private Scalars() {}
    }
}
