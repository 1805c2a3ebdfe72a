package dev.tenon.data;

import java.util.PrimitiveIterator;
import java.util.stream.LongStream;

/// The order in which samples are drawn, epoch by epoch. The same sampler gives the same order for the same epoch
/// number, at any time and on any machine.
public interface Sampler {
    /// How many indices an epoch has.
    long size();

    /// The indices of an epoch.
    ///
    /// @param epoch the number of the epoch, from 0
    PrimitiveIterator.OfLong indices(long epoch);

    /// 0, 1, ... n-1 in every epoch.
    static Sampler sequential(long n) {
        return Samplers.of(n, _ -> LongStream.range(0, n).iterator());
    }

    /// Each of 0 to n-1 once, shuffled anew in every epoch.
    ///
    /// The shuffle is Fisher and Yates's: for i from n-1 down to 1, element i changes places with element j, drawn
    /// uniformly (without bias, by rejection) from 0 to i. The draws come from SplitMix64, started from the seed and
    /// the epoch's number; the order so depends on these two alone.
    ///
    /// @throws IllegalArgumentException if n is negative or beyond what a Java array holds
    static Sampler random(long n, long seed) {
        Samplers.checkCount(n);
        return Samplers.of(n, epoch -> LongStream.of(Samplers.permutation(n, seed, epoch)).iterator());
    }

    /// Each of the given indices once, shuffled anew in every epoch as [#random] does.
    static Sampler subset(long[] indices, long seed) {
        long[] chosen = indices.clone();
        return Samplers.of(chosen.length, epoch ->
            LongStream.of(Samplers.permutation(chosen.length, seed, epoch)).map(i -> chosen[(int) i]).iterator());
    }

    /// `draws` indices, each drawn with a probability in proportion to its weight, anew in every epoch.
    ///
    /// @param weights one per sample, not negative, not all zero; they need not add up to one
    /// @param draws how many indices an epoch has
    /// @param replacement whether an index may be drawn again; if not, by the method of Efraimidis and Spirakis
    ///     (2006)
    /// @throws IllegalArgumentException if a weight is negative or not finite, all are zero, or without replacement
    ///     more are to be drawn than have a weight
    static Sampler weighted(double[] weights, int draws, boolean replacement, long seed) {
        return Samplers.weighted(weights.clone(), draws, replacement, seed);
    }
}
