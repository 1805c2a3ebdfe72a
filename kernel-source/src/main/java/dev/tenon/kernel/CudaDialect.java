package dev.tenon.kernel;

/// CUDA C++, for NVRTC and nvcc. Compiled without contraction (`--fmad=false`): a fused multiply-add stands where the
/// text has `MUL_ADD`. Conversions of 16-bit numbers are the device's own instructions, without CUDA's headers, which
/// NVRTC may not find.
///
/// With `PARAMS_IN_MEMORY` defined, kernels take the run's numbers by pointer: recorded launches, which keep their
/// arguments, can then be run with other numbers.
public final class CudaDialect implements Dialect {
    /// The only instance.
    public static final CudaDialect INSTANCE = new CudaDialect();

    private static final String COMMON = """
            typedef signed char i8;
            typedef unsigned char u8;
            typedef short i16;
            typedef unsigned short u16;
            typedef int i32;
            typedef unsigned int u32;
            typedef long long i64;
            typedef unsigned long long u64;
            typedef float f32;
            typedef double f64;
            typedef unsigned short f16s;
            #ifndef INFINITY
            #define INFINITY __int_as_float(0x7f800000)
            #endif
            #ifndef NAN
            #define NAN __int_as_float(0x7fc00000)
            #endif
            #define KERNEL(n) extern "C" __global__ __launch_bounds__(n)
            #ifdef PARAMS_IN_MEMORY
            #define PARAM(type, name) const type* at_##name
            #define PARAM_VALUE(type, name) const type name = *at_##name;
            #else
            #define PARAM(type, name) type name
            #define PARAM_VALUE(type, name)
            #endif
            #define DEVICE static __device__ inline
            #define GLOBAL
            #define LOCAL __shared__
            #define GROUP blockIdx.x
            #define ITEM threadIdx.x
            #define BARRIER __syncthreads()
            #define SHUFFLE_DOWN(x, n) __shfl_down_sync(0xffffffffu, x, n)
            #define BITS_F32(x) __float_as_uint(x)
            #define F32_BITS(x) __uint_as_float((u32)(x))
            #define BITS_F64(x) ((u64)__double_as_longlong(x))
            #define F64_BITS(x) __longlong_as_double((i64)(x))
            #define MUL_ADD(a, b, c) fma(a, b, c)
            #define LOAD_F16(p, i) f16_to_f32_((p)[i])
            #define STORE_F16(p, i, x) (p)[i] = f32_to_f16_(x)
            #define ROUND_F16(x) f16_to_f32_(f32_to_f16_(x))
            #define IS_ALIGNED(p, bytes) (((u64)(p) & ((bytes) - 1)) == 0)
            #define LOAD_PACK(type, n, to, p) *(Pack_<type, n>*)(to) = *(const Pack_<type, n>*)(p)
            #define STORE_PACK(type, n, p, from) *(Pack_<type, n>*)(p) = *(const Pack_<type, n>*)(from)
            #define ALIGN(n) __align__(n)
            template <typename T, int N> struct __align__(sizeof(T) * N) Pack_ {
                T v[N];
            };
            static __device__ inline f32 f16_to_f32_(f16s h) {
                f32 x;
                asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(h));
                return x;
            }
            static __device__ inline f16s f32_to_f16_(f32 x) {
                f16s h;
                asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(x));
                return h;
            }
            #if __CUDA_ARCH__ >= 800
            #define BITS_BF16(x) f32_to_bf16_(x)
            static __device__ inline u16 f32_to_bf16_(f32 x) {
                u16 h;
                asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(h) : "f"(x));
                return h;
            }
            #endif
            """;

    private static final String PUT = """
            template <int N> struct Numbers_ {
                u64 v[N];
            };
            extern "C" __global__ void put_numbers(u64* to, Numbers_<COUNT> from, i32 n) {
                i32 i = (i32)(blockIdx.x * blockDim.x + threadIdx.x);
                if (i < n) {
                    to[i] = from.v[i];
                }
            }
            """;

    private CudaDialect() {}

    /// The text of a kernel as it is, or with the run's numbers taken by pointer.
    public static String withParams(GeneratedKernel kernel, boolean inMemory) {
        return inMemory ? "#define PARAMS_IN_MEMORY\n" + kernel.source() : kernel.source();
    }

    /// The kernel `put_numbers`: writes numbers that are among its arguments to memory.
    ///
    /// @param count how many numbers there are at most
    public static String putNumbers(int count) {
        return COMMON + PUT.replace("COUNT", Integer.toString(count));
    }

    @Override
    public String name() {
        return "CUDA C++";
    }

    @Override
    public String prelude(DeviceTraits traits) {
        return COMMON;
    }

    @Override
    public boolean vectors() {
        return false;
    }

    @Override
    public int shuffled() {
        return 32;
    }

    @Override
    public boolean oneAddressSpace() {
        return true;
    }

    @Override
    public int packBytes() {
        return 16;
    }
}
