package dev.tenon.api;

import java.util.Locale;

/// The element types of tensors.
///
/// `F16` is IEEE 754 binary16, `BF16` the upper half of binary32. Arithmetic on both is done in `F32` and rounded to
/// nearest-even when a result is stored; arithmetic on integers narrower than 32 bits is done in 32 bits and wraps when
/// stored. `BOOL` takes one byte, 0 or 1.
public enum DType {
    F64(8, Kind.F64),
    F32(4, Kind.F32),
    F16(2, Kind.F32),
    BF16(2, Kind.F32),
    I64(8, Kind.I64),
    I32(4, Kind.I32),
    I16(2, Kind.I32),
    I8(1, Kind.I32),
    U8(1, Kind.I32),
    BOOL(1, Kind.BOOL);

    /// The types in which kernels compute: every [DType] is widened to one of them when it is read.
    public enum Kind {
        BOOL,
        I32,
        I64,
        F32,
        F64;

        /// Whether values of this kind are floating-point numbers.
        public boolean isFloating() {
            return this == F32 || this == F64;
        }

        /// Whether values of this kind are integers (truth values are not).
        public boolean isIntegral() {
            return this == I32 || this == I64;
        }

        /// The element type that stores exactly the values of this kind.
        public DType dtype() {
            return switch (this) {
                case BOOL -> DType.BOOL;
                case I32 -> DType.I32;
                case I64 -> DType.I64;
                case F32 -> DType.F32;
                case F64 -> DType.F64;
            };
        }
    }

    private final int bytes;
    private final Kind kind;
    private final String lowerName = name().toLowerCase(Locale.ROOT);

    DType(int bytes, Kind kind) {
        this.bytes = bytes;
        this.kind = kind;
    }

    /// The size of one element in bytes.
    public int bytes() {
        return bytes;
    }

    /// The type in which elements of this type are computed.
    public Kind kind() {
        return kind;
    }

    /// Whether this is one of `F64`, `F32`, `F16`, `BF16`.
    public boolean isFloating() {
        return kind.isFloating();
    }

    /// Whether this is a signed or unsigned integer type; `BOOL` is not.
    public boolean isIntegral() {
        return kind.isIntegral();
    }

    /// The dtype of the given name, in any case: `"f32"`, `"BF16"`, or PyTorch's and NumPy's words such as `"float32"`.
    ///
    /// @throws TensorException if there is no such dtype
    public static DType of(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "f64", "float64", "double" -> F64;
            case "f32", "float32", "float" -> F32;
            case "f16", "float16", "half" -> F16;
            case "bf16", "bfloat16" -> BF16;
            case "i64", "int64", "long" -> I64;
            case "i32", "int32", "int" -> I32;
            case "i16", "int16", "short" -> I16;
            case "i8", "int8", "byte" -> I8;
            case "u8", "uint8" -> U8;
            case "bool" -> BOOL;
            default -> throw new TensorException(
                    "dtype \"" + name + "\" is unknown; known are f64 f32 f16 bf16 i64 i32 i16 i8 u8 bool");
        };
    }

    /// The dtype that holds values of both operands, as PyTorch's `torch.promote_types` has it: floating beats integral
    /// beats bool, wider beats narrower, `U8` with a signed integer gives the next wider signed one, `F16` with `BF16`
    /// gives `F32`.
    public static DType promote(DType a, DType b) {
        if (a == b) {
            return a;
        }
        if (a == BOOL) {
            return b;
        }
        if (b == BOOL) {
            return a;
        }
        if (a.isFloating() != b.isFloating()) {
            return a.isFloating() ? a : b;
        }
        if (a.isFloating()) {
            return a.bytes == b.bytes ? F32 : a.bytes > b.bytes ? a : b;
        }
        if (a == U8 && b == I8 || a == I8 && b == U8) {
            return I16;
        }
        return a.bytes > b.bytes ? a : b;
    }

    @Override
    public String toString() {
        return lowerName;
    }
}
