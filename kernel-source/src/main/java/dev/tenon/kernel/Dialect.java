package dev.tenon.kernel;

import dev.tenon.api.DType;

/// One C-like language for kernels. Generators write in a small common vocabulary; a dialect supplies it as the text
/// that stands before every kernel, made of typedefs, macros and functions:
///
/// - types `i8 u8 i16 u16 i32 u32 i64 u64 f32`, and `f64` where the device has doubles;
/// - `KERNEL(n)` before a kernel that runs in groups of n items, `DEVICE` before a function, `GLOBAL` before what
///   a pointer to device memory points at,
///   `LOCAL` before an array that a group shares;
/// - `PARAM(type, name)` for a number of the run among a kernel's parameters and `PARAM_VALUE(type, name)` at the
///   kernel's beginning: the number itself and nothing;
/// - `GROUP` (the number of this work item's group) and `ITEM` (its number within the group), both along the only axis;
///   `BARRIER` as a statement;
/// - `BITS_F32(x)`, `F32_BITS(i)`: the bits of an `f32` as `u32` and back; `BITS_F64`, `F64_BITS` likewise with `u64`;
/// - `LOAD_F16(p, i)` and `STORE_F16(p, i, x)` for a pointer to `f16s`, the type in which half-precision numbers are
///   stored; `ROUND_F16(x)`, an `f32` as after such a store;
/// - `MUL_ADD(a, b, c)`: a * b + c, fused where that is fast;
/// - C99's names for functions of `f32` and `f64`, without suffix: `exp`, `log1p`, `fmod`, `rint`, `copysign`, …;
/// - where [#vectors()], `VEC(type, n)`: a vector of n; `VLOAD(type, n, pointer)` and
///   `VSTORE(type, n, value, pointer)`;
/// - where [#shuffled()], `SHUFFLE_DOWN(x, n)`: the value of `x` in the item n places further on;
/// - where [#packBytes()], `LOAD_PACK(type, n, array, pointer)` and `STORE_PACK(type, n, pointer, array)`: n elements
///   at once, from or to where `IS_ALIGNED(pointer, bytes)`, and `ALIGN(bytes)` before such an array;
/// - perhaps `BITS_BF16(x)`: the bits of an `f32` rounded to bfloat16, where the device has an instruction for it.
public interface Dialect {
    /// The language's name, such as `OpenCL C 1.2`.
    String name();

    /// The text before every kernel.
    String prelude(DeviceTraits traits);

    /// Whether the language has vector types with arithmetic of their own.
    boolean vectors();

    /// How many neighbouring items can exchange values without a barrier; 0 where none can.
    default int shuffled() {
        return 0;
    }

    /// How many bytes an item of a GPU should load and store at once; 0 where only single elements are.
    default int packBytes() {
        return 0;
    }

    /// Whether a plain pointer points to memory of every kind, and packs come from and go to all of them.
    default boolean oneAddressSpace() {
        return false;
    }

    /// Whether elements of a dtype can be packed.
    default boolean packs(DType dtype) {
        return packBytes() > 0;
    }
}
