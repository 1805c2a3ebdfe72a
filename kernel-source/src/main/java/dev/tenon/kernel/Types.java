package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;

/// How elements are declared, read, written and written down as constants.
final class Types {
    private Types() {}

    /// How the element of `pointer` at `index` is read.
    interface Reading {
        String of(KernelWriter w, DType dtype, String pointer, String index);

        /// Its value, widened to its kind.
        Reading VALUE = (_, dtype, pointer, index) -> load(dtype, pointer, index);

        /// Its bits as tensor cores take them, a `u32`: those of 16 bits as they are, `F32` rounded to TF32.
        Reading BITS = (w, dtype, pointer, index) -> {
            String element = pointer + "[" + index + "]";
            return dtype.bytes() == 2 ? "(u32)" + element : w.call("tf32_bits", element);
        };

        /// Where it lies.
        Reading PLACE = (_, _, pointer, index) -> "(GLOBAL const void*)(" + pointer + " + (" + index + "))";
    }

    /// The type in which a value of the kind is computed.
    static String of(Kind kind) {
        return switch (kind) {
            case BOOL, I32 -> "i32";
            case I64 -> "i64";
            case F32 -> "f32";
            case F64 -> "f64";
        };
    }

    static int bytes(Kind kind) {
        return kind == Kind.I64 || kind == Kind.F64 ? 8 : 4;
    }

    /// The type in which an element lies in memory.
    static String stored(DType dtype) {
        return switch (dtype) {
            case F64 -> "f64";
            case F32 -> "f32";
            case F16 -> "f16s";
            case BF16 -> "u16";
            case I64 -> "i64";
            case I32 -> "i32";
            case I16 -> "i16";
            case I8 -> "i8";
            case U8, BOOL -> "u8";
        };
    }

    /// The element of `pointer` at `index`, widened to its kind.
    static String load(DType dtype, String pointer, String index) {
        return switch (dtype) {
            case F16 -> "LOAD_F16(" + pointer + ", " + index + ")";
            case BF16 -> "F32_BITS((u32)" + pointer + "[" + index + "] << 16)";
            case BOOL -> "(i32)(" + pointer + "[" + index + "] != 0)";
            case I16, I8, U8 -> "(i32)" + pointer + "[" + index + "]";
            default -> pointer + "[" + index + "]";
        };
    }

    /// The statement that stores a value of the dtype's kind.
    static String store(KernelWriter w, DType dtype, String pointer, String index, String value) {
        return switch (dtype) {
            case F16 -> "STORE_F16(" + pointer + ", " + index + ", " + value + ");";
            case BF16 -> pointer + "[" + index + "] = " + w.call("bf16_bits", value) + ";";
            case BOOL -> pointer + "[" + index + "] = (u8)(" + value + " != 0);";
            case I16, I8, U8 -> pointer + "[" + index + "] = (" + stored(dtype) + ")" + value + ";";
            default -> pointer + "[" + index + "] = " + value + ";";
        };
    }

    /// A constant given by its bits as in [dev.tenon.api.op.Expr.Const].
    static String constant(Kind kind, long bits) {
        return switch (kind) {
            case BOOL -> bits != 0 ? "1" : "0";
            case I32 -> (int) bits == Integer.MIN_VALUE ? "(-2147483647 - 1)" : parens(Integer.toString((int) bits));
            case I64 -> bits == Long.MIN_VALUE ? "(-9223372036854775807L - 1L)" : parens(bits + "L");
            case F32 -> f32((float) Double.longBitsToDouble(bits));
            case F64 -> f64(Double.longBitsToDouble(bits));
        };
    }

    private static String parens(String s) {
        return s.startsWith("-") ? "(" + s + ")" : s;
    }

    private static String f32(float v) {
        if (Float.isFinite(v)) {
            return parens(Float.toHexString(v) + "f");
        }
        return "F32_BITS(0x" + Integer.toHexString(Float.floatToIntBits(v)) + "u)";
    }

    private static String f64(double v) {
        if (Double.isFinite(v)) {
            return parens(Double.toHexString(v));
        }
        return "F64_BITS(0x" + Long.toHexString(Double.doubleToLongBits(v)) + "UL)";
    }

    /// The lowest value of a kind, for running maxima; the highest for minima.
    static String extreme(Kind kind, boolean lowest) {
        return switch (kind) {
            case BOOL -> lowest ? "0" : "1";
            case I32 -> constant(kind, lowest ? Integer.MIN_VALUE : Integer.MAX_VALUE);
            case I64 -> constant(kind, lowest ? Long.MIN_VALUE : Long.MAX_VALUE);
            case F32, F64 -> constant(kind, Double.doubleToLongBits(
                    lowest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY));
        };
    }
}
