package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.backend.cpu.Mem;

/// Single elements of any dtype.
final class Values {
    private Values() {}

    static double getDouble(DType dtype, long at) {
        return switch (dtype) {
            case F64 -> Mem.getDouble(at);
            case F32 -> Mem.getFloat(at);
            case F16 -> Float.float16ToFloat(Mem.getShort(at));
            case BF16 -> Float.intBitsToFloat(Mem.getShort(at) << 16);
            default -> getLong(dtype, at);
        };
    }

    static long getLong(DType dtype, long at) {
        return switch (dtype) {
            case I64 -> Mem.getLong(at);
            case I32 -> Mem.getInt(at);
            case I16 -> Mem.getShort(at);
            case I8, BOOL -> Mem.getByte(at);
            case U8 -> Mem.getByte(at) & 0xFF;
            default -> (long) getDouble(dtype, at);
        };
    }

    /// Stores a floating-point number, rounded.
    static void putDouble(DType dtype, long at, double v) {
        switch (dtype) {
            case F64 -> Mem.putDouble(at, v);
            case F32 -> Mem.putFloat(at, (float) v);
            case F16 -> Mem.putShort(at, Float.floatToFloat16((float) v));
            case BF16 -> {
                int bits = Float.floatToRawIntBits((float) v);
                boolean nan = (bits & 0x7fffffff) > 0x7f800000;
                Mem.putShort(at, (short) (nan ? bits >> 16 | 0x40 : bits + 0x7fff + (bits >> 16 & 1) >> 16));
            }
            default -> throw new IllegalArgumentException(dtype + " holds no fractions");
        }
    }

    /// Stores an integer, wrapped.
    static void putLong(DType dtype, long at, long v) {
        switch (dtype) {
            case I64 -> Mem.putLong(at, v);
            case I32 -> Mem.putInt(at, (int) v);
            case I16 -> Mem.putShort(at, (short) v);
            case I8, U8 -> Mem.putByte(at, (byte) v);
            case BOOL -> Mem.putByte(at, (byte) (v != 0 ? 1 : 0));
            default -> throw new IllegalArgumentException(dtype + " is not integral");
        }
    }
}
