package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The element types of ONNX tensors, and how Tenon holds each.
///
/// Types that [DType] lacks are held in a wider one and remembered: unsigned integers of 16 and 32 bits in the next
/// wider signed type, those of 64 bits as the same bits in `I64`, integers of 4 and 2 bits in bytes, floating-point
/// numbers of 8 and 4 bits as the numbers they stand for in `F32`, complex numbers with a last axis of two (real part,
/// imaginary part). Strings are no tensors; see [OnnxValue.Strings].
public enum OnnxType {
    /// IEEE 754 binary32.
    FLOAT(1, DType.F32, 32),
    /// Unsigned, 8 bits.
    UINT8(2, DType.U8, 8),
    /// Signed, 8 bits.
    INT8(3, DType.I8, 8),
    /// Unsigned, 16 bits; held in `I32`.
    UINT16(4, DType.I32, 16),
    /// Signed, 16 bits.
    INT16(5, DType.I16, 16),
    /// Signed, 32 bits.
    INT32(6, DType.I32, 32),
    /// Signed, 64 bits.
    INT64(7, DType.I64, 64),
    /// Strings, on the host.
    STRING(8, DType.I64, 0),
    /// Truth values.
    BOOL(9, DType.BOOL, 8),
    /// IEEE 754 binary16.
    FLOAT16(10, DType.F16, 16),
    /// IEEE 754 binary64.
    DOUBLE(11, DType.F64, 64),
    /// Unsigned, 32 bits; held in `I64`.
    UINT32(12, DType.I64, 32),
    /// Unsigned, 64 bits; the same bits in `I64`.
    UINT64(13, DType.I64, 64),
    /// Pairs of binary32; held in `F32` with a last axis of two.
    COMPLEX64(14, DType.F32, 64),
    /// Pairs of binary64; held in `F64` with a last axis of two.
    COMPLEX128(15, DType.F64, 128),
    /// The upper half of binary32.
    BFLOAT16(16, DType.BF16, 16),
    /// 4 bits of exponent, 3 of mantissa, no infinities; held in `F32`.
    FLOAT8E4M3FN(17, DType.F32, 8),
    /// As `FLOAT8E4M3FN` without a negative zero and with another bias; held in `F32`.
    FLOAT8E4M3FNUZ(18, DType.F32, 8),
    /// 5 bits of exponent, 2 of mantissa, with infinities; held in `F32`.
    FLOAT8E5M2(19, DType.F32, 8),
    /// As `FLOAT8E5M2` without infinities and negative zero and with another bias; held in `F32`.
    FLOAT8E5M2FNUZ(20, DType.F32, 8),
    /// Unsigned, 4 bits; held in `U8`.
    UINT4(21, DType.U8, 4),
    /// Signed, 4 bits; held in `I8`.
    INT4(22, DType.I8, 4),
    /// 2 bits of exponent, 1 of mantissa; held in `F32`.
    FLOAT4E2M1(23, DType.F32, 4),
    /// Powers of two; held in `F32`.
    FLOAT8E8M0(24, DType.F32, 8),
    /// Unsigned, 2 bits; held in `U8`.
    UINT2(25, DType.U8, 2),
    /// Signed, 2 bits; held in `I8`.
    INT2(26, DType.I8, 2);

    private static final List<OnnxType> ALL = List.of(values());

    private final int code;
    private final DType dtype;
    private final int bits;

    OnnxType(int code, DType dtype, int bits) {
        this.code = code;
        this.dtype = dtype;
        this.bits = bits;
    }

    /// The number that stands for this type in ONNX files.
    public int code() {
        return code;
    }

    /// The dtype in which Tenon holds elements of this type.
    public DType dtype() {
        return dtype;
    }

    /// The bits of an element in a file; 0 for strings.
    public int bits() {
        return bits;
    }

    /// The type of a number in a file, if there is one.
    public static Optional<OnnxType> ofCode(int code) {
        return ALL.stream().filter(t -> t.code == code).findFirst();
    }

    /// The type of tensors of a dtype.
    public static OnnxType of(DType dtype) {
        return switch (dtype) {
            case F64 -> DOUBLE;
            case F32 -> FLOAT;
            case F16 -> FLOAT16;
            case BF16 -> BFLOAT16;
            case I64 -> INT64;
            case I32 -> INT32;
            case I16 -> INT16;
            case I8 -> INT8;
            case U8 -> UINT8;
            case BOOL -> BOOL;
        };
    }

    /// Whether elements are pairs, held with a last axis of two.
    public boolean isComplex() {
        return this == COMPLEX64 || this == COMPLEX128;
    }

    /// Whether this is a floating-point type of 8 or 4 bits.
    public boolean isSmallFloat() {
        return switch (this) {
            case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ, FLOAT4E2M1, FLOAT8E8M0 -> true;
            default -> false;
        };
    }

    /// Whether this is a floating-point type, complex ones not included.
    public boolean isFloating() {
        return dtype.isFloating() && !isComplex();
    }

    /// Whether this is an integer type.
    public boolean isIntegral() {
        return dtype.isIntegral() && this != STRING;
    }

    /// Whether this is an integer type without negative numbers.
    public boolean isUnsigned() {
        return switch (this) {
            case UINT8, UINT16, UINT32, UINT64, UINT4, UINT2 -> true;
            default -> false;
        };
    }

    /// The smallest number of an integer type.
    public long minValue() {
        return isUnsigned() ? 0 : -(1L << bits - 1);
    }

    /// The largest number of an integer type; of `UINT64` its bits, -1.
    public long maxValue() {
        return bits == 64 ? isUnsigned() ? -1 : Long.MAX_VALUE : (1L << (isUnsigned() ? bits : bits - 1)) - 1;
    }

    /// A result as tensors of this type hold it: in its dtype, and wrapped into its range.
    Tensor hold(Tensor x) {
        Tensor t = x.dtype() == dtype ? x : x.to(dtype);
        return switch (this) {
            case UINT16, UINT32 -> t.bitwiseAnd(Tensors.number(maxValue(), t));
            case UINT4, UINT2 -> t.bitwiseAnd(Tensors.number(maxValue(), t));
            case INT4, INT2 -> {
                Tensor low = t.bitwiseAnd(Tensors.number((1L << bits) - 1, t));
                yield low.where(low.le(maxValue()), low.sub(1L << bits));
            }
            default -> t;
        };
    }

    /// As the ONNX text format writes it: `float`, `int64`, `float8e4m3fn`.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    static String known() {
        return Arrays.toString(values());
    }
}
