package dev.tenon.tck.math;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;

/// Conversions between numbers, and Philox.
public final class Numbers {
    private Numbers() {}

    /// Truncated towards zero, NaN as 0, saturated to 32 or 64 bits.
    public static long toLong(double v, Kind kind) {
        return kind == Kind.I64 ? (long) v : (int) v;
    }

    /// Rounded to nearest, ties to even; NaN stays NaN.
    public static short toBFloat16(float v) {
        int bits = Float.floatToRawIntBits(v);
        if (Float.isNaN(v)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /// A double as it is after having been stored as a floating dtype.
    public static double round(double v, DType to) {
        return switch (to) {
            case F32 -> (float) v;
            case F16 -> Float.float16ToFloat(Float.floatToFloat16((float) v));
            case BF16 -> Float.intBitsToFloat(toBFloat16((float) v) << 16);
            default -> v;
        };
    }

    /// An integer as it is after having been stored as an integral dtype.
    public static long wrap(long v, DType to) {
        return switch (to) {
            case I32 -> (int) v;
            case I16 -> (short) v;
            case I8 -> (byte) v;
            case U8 -> v & 0xFF;
            case BOOL -> v != 0 ? 1 : 0;
            default -> v;
        };
    }

    /// Word `word` of Philox 4x32-10. Source: Salmon et al., SC 2011.
    public static int philox(long seed, long stream, long counter, int word) {
        int c0 = (int) counter;
        int c1 = (int) (counter >>> 32);
        int c2 = (int) stream;
        int c3 = (int) (stream >>> 32);
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < 10; round++) {
            long p0 = (c0 & 0xFFFF_FFFFL) * 0xD2511F53L;
            long p1 = (c2 & 0xFFFF_FFFFL) * 0xCD9E8D57L;
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return switch (word) {
            case 0 -> c0;
            case 1 -> c1;
            case 2 -> c2;
            default -> c3;
        };
    }
}
