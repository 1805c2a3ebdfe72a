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
