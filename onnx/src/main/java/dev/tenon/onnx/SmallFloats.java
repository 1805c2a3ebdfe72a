package dev.tenon.onnx;

import java.util.Arrays;

/// The floating-point numbers of 8 and 4 bits, as tables: Micikevicius et al., "FP8 formats for deep learning", 2022;
/// the OCP microscaling formats, 2023.
final class SmallFloats {
    private final float[] values;
    /// The finite numbers from 0 upwards, with their codes beside them.
    private final float[] ascending;
    private final int[] codes;
    private final int negative;
    private final int overflow;
    private final int nan;

    private SmallFloats(OnnxType type) {
        int bits = type.bits();
        values = new float[1 << bits];
        for (int i = 0; i < values.length; i++) {
            values[i] = decode(type, i);
        }
        boolean signed = type != OnnxType.FLOAT8E8M0;
        negative = signed ? 1 << bits - 1 : 0;
        int half = signed ? 1 << bits - 1 : 1 << bits;
        int n = 0;
        while (n < half && Float.isFinite(values[n])) {
            n++;
        }
        ascending = Arrays.copyOf(values, n);
        codes = new int[n];
        Arrays.setAll(codes, i -> i);
        nan = switch (type) {
            case FLOAT8E4M3FN, FLOAT8E5M2 -> 0x7F;
            case FLOAT8E4M3FNUZ, FLOAT8E5M2FNUZ -> 0x80;
            case FLOAT8E8M0 -> 0xFF;
            default -> 0;
        };
        overflow = type == OnnxType.FLOAT8E5M2 ? 0x7C : type == OnnxType.FLOAT4E2M1 ? n - 1 : nan;
    }

    /// The tables of a type.
    static SmallFloats of(OnnxType type) {
        return switch (type) {
            case FLOAT8E4M3FN -> Holder.E4M3FN;
            case FLOAT8E4M3FNUZ -> Holder.E4M3FNUZ;
            case FLOAT8E5M2 -> Holder.E5M2;
            case FLOAT8E5M2FNUZ -> Holder.E5M2FNUZ;
            case FLOAT4E2M1 -> Holder.E2M1;
            case FLOAT8E8M0 -> Holder.E8M0;
            default -> throw new IllegalArgumentException(type + " is no floating-point type of 8 or 4 bits");
        };
    }

    private static final class Holder {
        static final SmallFloats E4M3FN = new SmallFloats(OnnxType.FLOAT8E4M3FN);
        static final SmallFloats E4M3FNUZ = new SmallFloats(OnnxType.FLOAT8E4M3FNUZ);
        static final SmallFloats E5M2 = new SmallFloats(OnnxType.FLOAT8E5M2);
        static final SmallFloats E5M2FNUZ = new SmallFloats(OnnxType.FLOAT8E5M2FNUZ);
        static final SmallFloats E2M1 = new SmallFloats(OnnxType.FLOAT4E2M1);
        static final SmallFloats E8M0 = new SmallFloats(OnnxType.FLOAT8E8M0);
    }

    private static float decode(OnnxType type, int code) {
        return switch (type) {
            case FLOAT8E4M3FN -> (code & 0x7F) == 0x7F ? Float.NaN : number(code, 4, 3, 7);
            case FLOAT8E4M3FNUZ -> code == 0x80 ? Float.NaN : number(code, 4, 3, 8);
            case FLOAT8E5M2 -> (code & 0x7F) > 0x7C ? Float.NaN
                    : (code & 0x7F) == 0x7C ? code < 0x80 ? Float.POSITIVE_INFINITY : Float.NEGATIVE_INFINITY
                    : number(code, 5, 2, 15);
            case FLOAT8E5M2FNUZ -> code == 0x80 ? Float.NaN : number(code, 5, 2, 16);
            case FLOAT4E2M1 -> number(code, 2, 1, 1);
            default -> code == 0xFF ? Float.NaN : (float) Math.scalb(1.0, code - 127);
        };
    }

    private static float number(int code, int exponentBits, int mantissaBits, int bias) {
        int exponent = code >> mantissaBits & (1 << exponentBits) - 1;
        int mantissa = code & (1 << mantissaBits) - 1;
        double m = (exponent == 0 ? 0 : 1) + mantissa / (double) (1 << mantissaBits);
        double v = Math.scalb(m, Math.max(exponent, 1) - bias);
        return (float) ((code >> exponentBits + mantissaBits) == 0 ? v : -v);
    }

    /// The number of a code.
    float value(int code) {
        return values[code & values.length - 1];
    }

    /// The code of the nearest number, of two the one with an even code.
    ///
    /// @param saturate whether what is too large becomes the largest number instead of NaN or an infinity
    int code(float x, boolean saturate) {
        if (Float.isNaN(x)) {
            return nan;
        }
        int sign = Math.copySign(1f, x) < 0 ? negative : 0;
        if (negative == 0) {
            return x < 0 ? nan : power(x, saturate);
        }
        int last = ascending.length - 1;
        float magnitude = Math.abs(x);
        if (Float.isInfinite(magnitude)) {
            return signed(saturate || nan == 0 ? codes[last] : overflow, sign);
        }
        int i = Arrays.binarySearch(ascending, magnitude);
        if (i < 0) {
            i = -i - 1;
            if (i > last) {
                // Beyond the largest number: rounds down to it if it is less than half a step away.
                float step = ascending[last] - ascending[last - 1];
                float rest = magnitude - ascending[last];
                boolean down = rest < step / 2 || rest == step / 2 && codes[last] % 2 == 0;
                return signed(down || saturate || nan == 0 ? codes[last] : overflow, sign);
            }
            double low = magnitude - (double) ascending[i - 1];
            double high = ascending[i] - (double) magnitude;
            i = low < high || low == high && codes[i - 1] % 2 == 0 ? i - 1 : i;
        }
        return signed(codes[i], sign);
    }

    /// Types without a negative zero use its code for NaN.
    private int signed(int code, int sign) {
        return code == 0 && nan == 0x80 || code == 0x80 ? code : code | sign;
    }

    /// As `E8M0`: the power of two that is nearest, halves upwards.
    private int power(float x, boolean saturate) {
        if (Float.isInfinite(x)) {
            return saturate ? 0xFE : nan;
        }
        int bits = Float.floatToRawIntBits(x);
        int exponent = bits >>> 23 & 0xFF;
        boolean up = (bits & 0x400000) != 0 && (exponent > 0 || (bits & 0x3FFFFF) != 0);
        int rounded = exponent + (up ? 1 : 0);
        return rounded >= 0xFF ? saturate ? 0xFE : nan : rounded;
    }

    /// The nearest number.
    float round(float x, boolean saturate) {
        return value(code(x, saturate));
    }
}
