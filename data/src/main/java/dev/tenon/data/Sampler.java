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

    /// Each sample once, in an order in which every class is spread evenly, so that any run of consecutive samples has
    /// of each class about its share of the whole (of classes of equal size, to within two samples). Shuffled anew in
    /// every epoch: sample j (in shuffled order) of a class with n stands at the place (j + u) / n of the epoch, with
    /// one u of [0, 1) for each class.
    ///
    /// @param labels the class of each sample
    static Sampler stratified(int[] labels, long seed) {
        return Samplers.stratified(labels, seed);
    }

    /// Every class equally often, however many samples it has: the order consists of rounds in which every class comes
    /// once, the classes shuffled, so that a batch of k times as many samples as there are classes has k of each. There
    /// are as many rounds as the largest class has samples; smaller classes begin anew, each time shuffled.
    ///
    /// @param labels the class of each sample
    static Sampler balanced(int[] labels, long seed) {
        return Samplers.balanced(labels, seed);
    }

    /// One process's share of an order that all of `world` processes know: indices `rank`, `rank + world`, and so on.
    /// Every process gets as many.
    ///
    /// @param all the whole order, of the same seed in all processes
    /// @param rank which share, 0 to world - 1
    /// @param world how many shares
    /// @param dropLast what happens when the order cannot be shared evenly: true leaves out its end, false fills it up
    ///     with indices from its beginning
    /// @throws IllegalArgumentException if rank and world do not fit
    static Sampler distributed(Sampler all, int rank, int world, boolean dropLast) {
        return Samplers.distributed(all, rank, world, dropLast);
    }
}
