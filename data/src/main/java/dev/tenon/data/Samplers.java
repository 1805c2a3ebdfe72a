package dev.tenon.data;

import java.util.Comparator;
import java.util.PrimitiveIterator;
import java.util.function.LongFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// The samplers' arithmetic.
final class Samplers {
    private static final long SHUFFLE = 0x73687566666C0003L;
    private static final long WEIGHTED = 0x7765696768740004L;

    private Samplers() {
    }

    static Sampler of(long size, LongFunction<PrimitiveIterator.OfLong> indices) {
        if (size < 0) {
            throw new IllegalArgumentException("a sampler of " + size + " indices");
        }
        return new Sampler() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public PrimitiveIterator.OfLong indices(long epoch) {
                return indices.apply(epoch);
            }
        };
    }

    static void checkCount(long n) {
        if (n < 0 || n > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("cannot shuffle " + n + " indices: expected 0 to "
                + (Integer.MAX_VALUE - 8));
        }
    }

    static long[] permutation(long n, long seed, long epoch) {
        checkCount(n);
        long[] order = LongStream.range(0, n).toArray();
        SplitMix64 random = SplitMix64.independent(seed, SHUFFLE, epoch);
        for (int i = order.length - 1; i > 0; i--) {
            int j = (int) random.unbiasedBelow(i + 1);
            long swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        return order;
    }

    static Sampler weighted(double[] weights, int draws, boolean replacement, long seed) {
        for (int i = 0; i < weights.length; i++) {
            if (!(weights[i] >= 0) || Double.isInfinite(weights[i])) {
                throw new IllegalArgumentException("weight " + weights[i] + " of sample " + i
                    + ": expected a finite number that is not negative");
            }
        }
        long positive = DoubleStream.of(weights).filter(w -> w > 0).count();
        if (draws < 0 || draws > 0 && positive == 0 || !replacement && draws > positive) {
            throw new IllegalArgumentException("cannot draw " + draws + " of " + weights.length + " samples, "
                + positive + " of which have a weight above 0" + (replacement ? "" : ", without replacement"));
        }
        return of(draws, epoch -> {
            SplitMix64 random = SplitMix64.independent(seed, WEIGHTED, epoch);
            return LongStream.of(replacement ? again(weights, draws, random) : once(weights, draws, random))
                .iterator();
        });
    }

    private static long[] again(double[] weights, int draws, SplitMix64 random) {
        double[] sums = weights.clone();
        for (int i = 1; i < sums.length; i++) {
            sums[i] += sums[i - 1];
        }
        double total = sums.length == 0 ? 0 : sums[sums.length - 1];
        long[] out = new long[draws];
        for (int k = 0; k < draws; k++) {
            double at = random.uniform() * total;
            int low = 0;
            int high = sums.length - 1;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (sums[middle] > at) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            // the product may round up to the total, and lie in no weight's share
            while (weights[low] == 0) {
                low--;
            }
            out[k] = low;
        }
        return out;
    }

    /// The `draws` largest keys log(u)/w win.
    private static long[] once(double[] weights, int draws, SplitMix64 random) {
        double[] keys = new double[weights.length];
        for (int i = 0; i < keys.length; i++) {
            double u = 1 - random.uniform();
            keys[i] = weights[i] > 0 ? StrictMath.log(u) / weights[i] : Double.NEGATIVE_INFINITY;
        }
        return IntStream.range(0, keys.length)
            .boxed()
            .sorted(Comparator.<Integer>comparingDouble(i -> keys[i]).reversed())
            .limit(draws)
            .mapToLong(i -> i)
            .toArray();
    }
}
