package dev.tenon.data;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.PrimitiveIterator;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// The samplers' arithmetic.
final class Samplers {
    private static final long SHUFFLE = 0x73687566666C0003L;
    private static final long WEIGHTED = 0x7765696768740004L;
    private static final long STRATIFIED = 0x7374726174610007L;
    private static final long BALANCED = 0x62616C616E630008L;
    /// How finely [#stratified] tells places apart.
    private static final double PLACES = 0x1p32;

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
        shuffle(order, SplitMix64.independent(seed, SHUFFLE, epoch));
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

    /// The samples of each class, in order; without empty classes.
    static List<long[]> classes(int[] labels) {
        Map<Integer, LongStream.Builder> members = new TreeMap<>();
        for (int i = 0; i < labels.length; i++) {
            members.computeIfAbsent(labels[i], _ -> LongStream.builder()).add(i);
        }
        return members.values().stream().map(b -> b.build().toArray()).toList();
    }

    private static void shuffle(long[] order, SplitMix64 random) {
        for (int i = order.length - 1; i > 0; i--) {
            int j = (int) random.unbiasedBelow(i + 1);
            long swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
    }

    static Sampler stratified(int[] labels, long seed) {
        List<long[]> classes = classes(labels);
        return of(labels.length, epoch -> {
            SplitMix64 random = SplitMix64.independent(seed, STRATIFIED, epoch);
            // place and index in one number, so that sorting needs no objects
            long[] places = new long[labels.length];
            for (long[] members : classes) {
                long[] order = members.clone();
                shuffle(order, random);
                double u = random.uniform();
                for (int j = 0; j < order.length; j++) {
                    places[(int) order[j]] = (long) ((j + u) / order.length * PLACES) << Integer.SIZE - 1 | order[j];
                }
            }
            Arrays.sort(places);
            return LongStream.of(places).map(p -> p & Integer.MAX_VALUE).iterator();
        });
    }

    static Sampler balanced(int[] labels, long seed) {
        List<long[]> classes = classes(labels);
        int rounds = classes.stream().mapToInt(c -> c.length).max().orElse(0);
        return of((long) rounds * classes.size(), epoch -> {
            SplitMix64 random = SplitMix64.independent(seed, BALANCED, epoch);
            List<long[]> orders = classes.stream().map(long[]::clone).toList();
            long[] turns = LongStream.range(0, orders.size()).toArray();
            return LongStream.range(0, rounds)
                .boxed()
                .flatMapToLong(round -> {
                    shuffle(turns, random);
                    long[] picked = new long[turns.length];
                    for (int t = 0; t < turns.length; t++) {
                        long[] order = orders.get((int) turns[t]);
                        int at = (int) (round % order.length);
                        if (at == 0) {
                            shuffle(order, random);
                        }
                        picked[t] = order[at];
                    }
                    return LongStream.of(picked);
                })
                .iterator();
        });
    }

    static Sampler distributed(Sampler all, int rank, int world, boolean dropLast) {
        if (world < 1 || rank < 0 || rank >= world) {
            throw new IllegalArgumentException("rank " + rank + " of " + world + ": expected a world of at least 1 and"
                + " a rank from 0 to world - 1");
        }
        long n = all.size();
        long share = dropLast ? n / world : Math.ceilDiv(n, (long) world);
        return of(share, epoch -> new PrimitiveIterator.OfLong() {
            private PrimitiveIterator.OfLong order = all.indices(epoch);
            /// How many indices of the order, which begins anew at its end, have been taken.
            private long position;
            private long given;

            @Override
            public boolean hasNext() {
                return given < share;
            }

            @Override
            public long nextLong() {
                if (given == share) {
                    throw new NoSuchElementException("the epoch is over");
                }
                long wanted = rank + given * world;
                while (true) {
                    if (!order.hasNext()) {
                        order = all.indices(epoch);
                    }
                    long index = order.nextLong();
                    if (position++ == wanted) {
                        given++;
                        return index;
                    }
                }
            }
        });
    }
}
