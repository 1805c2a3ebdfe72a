package dev.tenon.kernel;

/// Into how many parts the depth of a product is cut, so that few results keep all of a device busy. Each part is the
/// work of groups of its own; their sums are added afterwards, always in the same order.
final class Splits {
    /// The fewest steps along the depth that are worth groups of their own.
    private static final int LEAST = 8;
    private static final int MOST = 32;
    /// The most results of all parts together.
    private static final long MOST_SUMS = 1 << 26;

    private Splits() {}

    static long parts(long extent, long side) {
        return (extent + side - 1) / side;
    }

    /// How deep each part is.
    ///
    /// @param step what groups take at once
    static long share(int splits, int step, long k) {
        return parts(parts(k, step), splits) * step;
    }

    /// Whether no part is empty or too small.
    static boolean possible(int splits, int step, long results, long k) {
        return splits == 1 || splits <= MOST && (long) splits * LEAST <= parts(k, step)
                && (splits - 1) * share(splits, step, k) < k && splits * results <= MOST_SUMS;
    }

    /// As many as keep all compute units busy, a power of two.
    ///
    /// @param groups how many there are without
    static int usual(long groups, int units, int step, long results, long k) {
        int s = 1;
        while (2 * s * groups <= units && possible(2 * s, step, results, k)) {
            s *= 2;
        }
        return s;
    }
}
