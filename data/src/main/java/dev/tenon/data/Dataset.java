package dev.tenon.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

/// A sequence of samples known by index, as PyTorch's map-style `Dataset`. Must give the same sample for the same index
/// at any time, on any thread; [DataLoader] calls [#get] from several threads at once.
///
/// Subsets and concatenations of a data set that is also a [BatchSource] are so too.
///
/// @param <T> the type of a sample, often [Sample]
public interface Dataset<T> {
    /// The number of samples.
    long size();

    /// The sample of the given index, from 0 to `size()` - 1.
    ///
    /// @throws IndexOutOfBoundsException if there is no such sample
    T get(long index) throws Exception;

    /// The sample of the given index, with random numbers for whatever is random about it. This is what [DataLoader]
    /// calls; without a random [#transform], the same as [#get(long)].
    ///
    /// @param random see [SampleTransform]
    /// @throws IndexOutOfBoundsException if there is no such sample
    default T get(long index, RandomGenerator random) throws Exception {
        return get(index);
    }

    /// What the data set is called in messages; by default the simple name of its class.
    default String name() {
        String simple = getClass().getSimpleName();
        return simple.isEmpty() ? "data set" : simple;
    }

    /// The same samples, each passed through a function when it is asked for.
    default <R> Dataset<R> map(Function<? super T, ? extends R> function) {
        return transform((sample, _) -> function.apply(sample));
    }

    /// The same samples, each changed when it is asked for, in a [DataLoader] with new random numbers in every epoch.
    /// [#get(long)] takes those of epoch 0 and seed 0.
    default <R> Dataset<R> transform(SampleTransform<? super T, ? extends R> change) {
        return new Views.Transformed<>(this, change);
    }

    /// The same samples, kept in memory once they were read, up to a number of bytes; those that do not fit are read
    /// anew every time. Put it behind what costs and before what is random: random transforms inside would always give
    /// the same.
    ///
    /// @param maxBytes the most bytes of samples to keep
    /// @param bytes how many bytes a sample takes
    default CachedDataset<T> cache(long maxBytes, ToLongFunction<? super T> bytes) {
        return new CachedDataset<>(this, maxBytes, bytes);
    }

    /// The same samples, kept in memory once they were read; see [#cache(long, ToLongFunction)]. For samples that are
    /// a [Sample] or a [HostArray], whose sizes are known.
    ///
    /// @param maxBytes the most bytes of samples to keep
    default CachedDataset<T> cache(long maxBytes) {
        return cache(maxBytes, CachedDataset::bytes);
    }

    /// The samples of the given indices, in that order; an index may occur more than once.
    ///
    /// @throws IndexOutOfBoundsException if an index is out of range
    default Dataset<T> subset(long... indices) {
        long[] chosen = indices.clone();
        for (long i : chosen) {
            Objects.checkIndex(i, size());
        }
        return Views.select(this, chosen.length, i -> chosen[(int) i]);
    }

    /// The samples `from` (inclusive) to `to` (exclusive).
    ///
    /// @throws IndexOutOfBoundsException if the range does not lie within 0 to `size()`
    default Dataset<T> range(long from, long to) {
        Objects.checkFromToIndex(from, to, size());
        return Views.select(this, to - from, i -> from + i);
    }

    /// Consecutive parts of the given sizes.
    ///
    /// @throws IllegalArgumentException if the sizes do not add up to `size()`
    default List<Dataset<T>> split(long... sizes) {
        checkSizes(sizes);
        List<Dataset<T>> parts = new ArrayList<>();
        long from = 0;
        for (long n : sizes) {
            parts.add(range(from, from + n));
            from += n;
        }
        return parts;
    }

    /// Parts of the given sizes, shuffled before they are cut as [Sampler#random] shuffles in epoch 0.
    ///
    /// @throws IllegalArgumentException if the sizes do not add up to `size()`
    default List<Dataset<T>> randomSplit(long seed, long... sizes) {
        checkSizes(sizes);
        long[] order = Samplers.permutation(size(), seed, 0);
        List<Dataset<T>> parts = new ArrayList<>();
        int from = 0;
        for (long n : sizes) {
            parts.add(subset(Arrays.copyOfRange(order, from, from + (int) n)));
            from += (int) n;
        }
        return parts;
    }

    /// Parts of the given shares, shuffled before they are cut as [Sampler#random] shuffles in epoch 0. Part i has
    /// `floor(size * fractions[i])` samples, and what is left over goes to the first parts, one sample each.
    ///
    /// @throws IllegalArgumentException if the fractions do not add up to 1 (within 1e-6), or one is negative
    default List<Dataset<T>> randomSplit(long seed, double... fractions) {
        return randomSplit(seed, Splits.sizes(size(), fractions));
    }

    /// Parts of the given shares, in each of which every class has its share: the samples of each class are split as
    /// by [#randomSplit(long, double...)], and each part is in the order of this data set.
    ///
    /// @param labels the class of each sample
    /// @throws IllegalArgumentException if there is not one label per sample, or the fractions do not add up to 1
    default List<Dataset<T>> stratifiedSplit(int[] labels, long seed, double... fractions) {
        return Splits.stratified(this, labels, seed, fractions);
    }

    private void checkSizes(long... sizes) {
        if (LongStream.of(sizes).anyMatch(n -> n < 0) || LongStream.of(sizes).sum() != size()) {
            throw new IllegalArgumentException("split: sizes " + Arrays.toString(sizes) + " must add up to the "
                + size() + " samples of the data set, none of them negative");
        }
    }

    /// The samples of several data sets, one after the other.
    static <T> Dataset<T> concat(List<? extends Dataset<T>> parts) {
        return Views.concat(List.copyOf(parts));
    }

    /// The samples of two data sets side by side: sample i of one with sample i of the other.
    ///
    /// @throws IllegalArgumentException if they are not of one size
    static <A, B, R> Dataset<R> zip(Dataset<A> first, Dataset<B> second, BiFunction<? super A, ? super B, R> join) {
        return new Views.Zipped<>(first, second, join);
    }
}
