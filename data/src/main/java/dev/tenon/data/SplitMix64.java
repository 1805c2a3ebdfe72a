package dev.tenon.data;

/// The SplitMix64 generator (Steele, Lea and Flood, 2014), opened at a point named by three numbers, so that the
/// stream of item `index` needs no other item's stream to have been drawn first. Integer arithmetic only: the same
/// bits on every machine.
final class SplitMix64 {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final double UNIT = 0x1.0p-53;

    private long state;

    /// @param seed the data set
    /// @param purpose keeps streams of different use apart (labels, pixels)
    /// @param index the item
    SplitMix64(long seed, long purpose, long index) {
        state = mix(mix(mix(seed + GOLDEN) ^ purpose) + index * GOLDEN);
    }

    private SplitMix64(long state) {
        this.state = state;
    }

    /// A stream for each seed, purpose and list of numbers, none of which runs into that of a neighbour: unlike those
    /// of the constructor, which are one sequence entered at neighbouring places.
    static SplitMix64 independent(long seed, long purpose, long... numbers) {
        long state = mix(mix(seed + GOLDEN) ^ purpose);
        for (long n : numbers) {
            state = mix((state + GOLDEN) ^ mix(n + GOLDEN));
        }
        return new SplitMix64(state);
    }

    long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    /// Uniform in [0, 1).
    double uniform() {
        return (nextLong() >>> 11) * UNIT;
    }

    /// Uniform in [low, high).
    double uniform(double low, double high) {
        return low + (high - low) * uniform();
    }

    /// Mean 0, deviation 1, never beyond ±3.5: the sum of four uniform numbers. Bounded on purpose (no sample is
    /// ruined by one extreme draw) and free of logarithms.
    double bell() {
        double sum = uniform() + uniform() + uniform() + uniform() - 2;
        return sum * 1.7320508075688772;
    }

    /// Uniform in 0 .. bound-1, for small bounds.
    int below(int bound) {
        return (int) (uniform() * bound);
    }

    /// Uniform in 0 .. bound-1, exactly: draws that would favour small numbers are rejected (Lemire 2019).
    long unbiasedBelow(long bound) {
        long x = nextLong();
        long high = Math.unsignedMultiplyHigh(x, bound);
        long low = x * bound;
        if (Long.compareUnsigned(low, bound) < 0) {
            long threshold = Long.remainderUnsigned(-bound, bound);
            while (Long.compareUnsigned(low, threshold) < 0) {
                x = nextLong();
                high = Math.unsignedMultiplyHigh(x, bound);
                low = x * bound;
            }
        }
        return high;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
