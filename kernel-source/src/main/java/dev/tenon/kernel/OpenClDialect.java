package dev.tenon.kernel;

import dev.tenon.api.DType;

/// OpenCL C 1.2. Half precision takes only the conversions that every device has (`vload_half`, `vstore_half_rte`).
public final class OpenClDialect implements Dialect {
    /// The only instance.
    public static final OpenClDialect INSTANCE = new OpenClDialect();

    private static final String COMMON = """
            #pragma OPENCL FP_CONTRACT OFF
            typedef char i8;
            typedef uchar u8;
            typedef short i16;
            typedef ushort u16;
            typedef int i32;
            typedef uint u32;
            typedef long i64;
            typedef ulong u64;
            typedef float f32;
            typedef half f16s;
            #define KERNEL(n) __kernel __attribute__((reqd_work_group_size(n, 1, 1)))
            #define PARAM(type, name) type name
            #define PARAM_VALUE(type, name)
            #define DEVICE static inline
            #define GLOBAL __global
            #define LOCAL __local
            #define GROUP get_group_id(0)
            #define ITEM get_local_id(0)
            #define BARRIER barrier(CLK_LOCAL_MEM_FENCE)
            #define BITS_F32(x) as_uint(x)
            #define F32_BITS(x) as_float((u32)(x))
            #define LOAD_F16(p, i) vload_half(i, p)
            #define STORE_F16(p, i, x) vstore_half_rte(x, i, p)
            #define VEC(type, n) VEC_(type, n)
            #define VEC_(type, n) VEC_##type(n)
            #define VEC_f32(n) VEC__(float, n)
            #define VEC_i32(n) VEC__(int, n)
            #define VEC_i64(n) VEC__(long, n)
            #define VEC__(type, n) type##n
            #define VLOAD(type, n, p) vload##n(0, p)
            #define VSTORE(type, n, x, p) vstore##n(x, 0, p)
            static inline f32 ROUND_F16(f32 x) {
                u16 h;
                vstore_half_rte(x, 0, (half*)&h);
                return vload_half(0, (half*)&h);
            }
            """;

    /// For devices that are not CPUs; vector types other than these are not needed.
    private static final String PACKS = """
            #define VEC_i8(n) VEC__(char, n)
            #define VEC_u8(n) VEC__(uchar, n)
            #define VEC_i16(n) VEC__(short, n)
            #define VEC_u16(n) VEC__(ushort, n)
            #define IS_ALIGNED(p, bytes) (((size_t)(p) & ((bytes) - 1)) == 0)
            #define LOAD_PACK(type, n, to, p) *(VEC(type, n)*)(to) = *(__global const VEC(type, n)*)(p)
            #define STORE_PACK(type, n, p, from) *(__global VEC(type, n)*)(p) = *(const VEC(type, n)*)(from)
            #define ALIGN(n) __attribute__((aligned(n)))
            """;

    private OpenClDialect() {}

    @Override
    public String name() {
        return "OpenCL C 1.2";
    }

    @Override
    public String prelude(DeviceTraits traits) {
        String doubles = """
                #pragma OPENCL EXTENSION cl_khr_fp64 : enable
                typedef double f64;
                #define VEC_f64(n) VEC__(double, n)
                #define BITS_F64(x) as_ulong(x)
                #define F64_BITS(x) as_double((u64)(x))
                """;
        String mulAdd = traits.fastFma()
                ? "#define MUL_ADD(a, b, c) fma(a, b, c)\n"
                : "#define MUL_ADD(a, b, c) ((a) * (b) + (c))\n";
        return (traits.doubles() ? doubles : "") + COMMON + mulAdd + (traits.cpu() ? "" : PACKS);
    }

    @Override
    public int packBytes() {
        return 16;
    }

    /// There are no arrays of half-precision numbers without an extension.
    @Override
    public boolean packs(DType dtype) {
        return dtype != DType.F16;
    }

    @Override
    public boolean vectors() {
        return true;
    }
}
