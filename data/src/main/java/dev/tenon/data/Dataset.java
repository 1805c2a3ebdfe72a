package dev.tenon.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
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

    /// The same samples, each passed through a function when it is asked for.
    default <R> Dataset<R> map(Function<? super T, ? extends R> function) {
        Dataset<T> base = this;
        return new Dataset<>() {
            @Override
            public long size() {
                return base.size();
            }

            @Override
            public R get(long index) throws Exception {
                return function.apply(base.get(index));
            }
        };
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
}
