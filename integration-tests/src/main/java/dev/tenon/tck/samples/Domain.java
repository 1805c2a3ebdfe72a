package dev.tenon.tck.samples;

import dev.tenon.api.DType;

/// Which numbers an operand holds.
///
/// @param low the smallest
/// @param high the largest
/// @param special whether the first elements are NaN, infinities, zeros of both signs, and very large and small numbers
///     (for integers: the extremes)
public record Domain(double low, double high, boolean special) {
    /// From -3 to 3.
    public static final Domain USUAL = new Domain(-3, 3, false);
    /// Integers from -100 to 100, floating-point numbers likewise.
    public static final Domain WIDE = new Domain(-100, 100, false);
    /// From 0.1 to 4.
    public static final Domain POSITIVE = new Domain(0.1, 4, false);
    /// From -0.95 to 0.95.
    public static final Domain UNIT = new Domain(-0.95, 0.95, false);
    /// NaN, infinities, zeros of both signs and the like, then numbers from -20 to 20.
    public static final Domain SPECIAL = new Domain(-20, 20, true);

    private static final double[] SPECIALS = {
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5,
        1e-3, -1e-3, 1e-7, 80, -80, 3e4, -3e4, 0x1p-14, 1 + 0x1p-7
    };
    private static final long[] EXTREMES = {
        0, 1, -1, 2, -2, 127, -128, 255, 32767, -32768, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE,
        Long.MIN_VALUE, 1L << 40, 31, 32, 33, 63, 64
    };

    /// A domain without special values.
    public static Domain of(double low, double high) {
        return new Domain(low, high, false);
    }

    /// Element number `i` of the stream with the given seed, as a double.
    double real(long seed, long i) {
        if (special && i < SPECIALS.length) {
            // Two operands of one op meet in different combinations.
            return SPECIALS[(int) ((i + (seed % 7) * 5) % SPECIALS.length)];
        }
        return low + (high - low) * ((mix(seed, i) >>> 11) * 0x1p-53);
    }

    /// Element number `i` of the stream with the given seed, as an integer.
    long integer(DType dtype, long seed, long i) {
        if (dtype == DType.BOOL) {
            return mix(seed, i) >>> 63;
        }
        if (special && i < EXTREMES.length) {
            return EXTREMES[(int) ((i + (seed % 7) * 3) % EXTREMES.length)];
        }
        long from = (long) Math.ceil(dtype == DType.U8 ? Math.max(0, low) : low);
        long to = (long) Math.floor(high);
        return from + Math.floorMod(mix(seed, i), to - from + 1);
    }

    /// Steele, Lea and Flood's SplitMix64 as a function of position.
    private static long mix(long seed, long i) {
        long z = (seed * 1_000_003 + i) * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
