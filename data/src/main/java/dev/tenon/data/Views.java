package dev.tenon.data;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.LongUnaryOperator;
import java.util.random.RandomGenerator;

/// Data sets made from others. Subsets and concatenations are sources of batches where what they view is one.
final class Views {
    private Views() {
    }

    static <T> Dataset<T> select(Dataset<T> base, long size, LongUnaryOperator indices) {
        return base instanceof BatchSource source
            ? new DirectSelection<>(base, source, size, indices)
            : new Selection<>(base, size, indices);
    }

    static <T> Dataset<T> concat(List<Dataset<T>> parts) {
        if (!parts.isEmpty() && parts.stream().allMatch(BatchSource.class::isInstance)) {
            List<BatchSource> sources = parts.stream().map(BatchSource.class::cast).toList();
            List<Field> fields = sources.getFirst().fields();
            for (int i = 1; i < sources.size(); i++) {
                if (!sources.get(i).fields().equals(fields)) {
                    throw new IllegalArgumentException("concat: samples of part 0 are " + fields + ", those of part "
                        + i + " are " + sources.get(i).fields());
                }
            }
            return new DirectConcatenation<>(parts, sources);
        }
        return new Concatenation<>(parts);
    }

    /// What a source of batches is called in messages.
    static String name(BatchSource source) {
        return source instanceof Dataset<?> d ? d.name()
            : source instanceof CollatedSource<?> c ? c.toString() : source.getClass().getSimpleName();
    }

    record Transformed<T, R>(Dataset<T> base, SampleTransform<? super T, ? extends R> change) implements Dataset<R> {
        @Override
        public long size() {
            return base.size();
        }

        @Override
        public R get(long index) throws Exception {
            return get(index, HostBatch.random(0, 0, index));
        }

        @Override
        public R get(long index, RandomGenerator random) throws Exception {
            return change.apply(base.get(index, random), random);
        }

        @Override
        public String name() {
            return base.name();
        }
    }

    record Zipped<A, B, R>(Dataset<A> first, Dataset<B> second, BiFunction<? super A, ? super B, R> join)
            implements Dataset<R> {
        Zipped {
            if (first.size() != second.size()) {
                throw new IllegalArgumentException("zip: " + first.name() + " has " + first.size() + " samples, "
                    + second.name() + " has " + second.size() + "; expected as many");
            }
        }

        @Override
        public long size() {
            return first.size();
        }

        @Override
        public R get(long index) throws Exception {
            return join.apply(first.get(index), second.get(index));
        }

        @Override
        public R get(long index, RandomGenerator random) throws Exception {
            return join.apply(first.get(index, random), second.get(index, random));
        }

        @Override
        public String name() {
            return first.name() + " with " + second.name();
        }
    }

    private static class Selection<T> implements Dataset<T> {
        final Dataset<T> base;
        final long size;
        final LongUnaryOperator indices;

        Selection(Dataset<T> base, long size, LongUnaryOperator indices) {
            this.base = base;
            this.size = size;
            this.indices = indices;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public T get(long index) throws Exception {
            return base.get(indices.applyAsLong(Objects.checkIndex(index, size)));
        }

        @Override
        public T get(long index, RandomGenerator random) throws Exception {
            return base.get(indices.applyAsLong(Objects.checkIndex(index, size)), random);
        }

        @Override
        public final String name() {
            return "a part of " + base.name();
        }
    }

    private static final class DirectSelection<T> extends Selection<T> implements BatchSource {
        private final BatchSource source;

        DirectSelection(Dataset<T> base, BatchSource source, long size, LongUnaryOperator indices) {
            super(base, size, indices);
            this.source = source;
        }

        @Override
        public List<Field> fields() {
            return source.fields();
        }

        @Override
        public void fill(long index, HostBatch into, int row) throws Exception {
            source.fill(indices.applyAsLong(Objects.checkIndex(index, size)), into, row);
        }
    }

    private static class Concatenation<T> implements Dataset<T> {
        final List<Dataset<T>> parts;
        /// The index of each part's first sample, and at the end the size of all.
        final long[] starts;

        Concatenation(List<Dataset<T>> parts) {
            this.parts = parts;
            this.starts = new long[parts.size() + 1];
            for (int i = 0; i < parts.size(); i++) {
                starts[i + 1] = starts[i] + parts.get(i).size();
            }
        }

        @Override
        public long size() {
            return starts[starts.length - 1];
        }

        /// Empty parts share their start with the part that follows, which is the one meant.
        final int part(long index) {
            Objects.checkIndex(index, size());
            int at = Arrays.binarySearch(starts, index);
            if (at < 0) {
                return -at - 2;
            }
            while (starts[at + 1] == index) {
                at++;
            }
            return at;
        }

        @Override
        public T get(long index) throws Exception {
            int p = part(index);
            return parts.get(p).get(index - starts[p]);
        }

        @Override
        public T get(long index, RandomGenerator random) throws Exception {
            int p = part(index);
            return parts.get(p).get(index - starts[p], random);
        }

        @Override
        public final String name() {
            return String.join(" + ", parts.stream().map(Dataset::name).toList());
        }
    }

    private static final class DirectConcatenation<T> extends Concatenation<T> implements BatchSource {
        private final List<BatchSource> sources;

        DirectConcatenation(List<Dataset<T>> parts, List<BatchSource> sources) {
            super(parts);
            this.sources = sources;
        }

        @Override
        public List<Field> fields() {
            return sources.getFirst().fields();
        }

        @Override
        public void fill(long index, HostBatch into, int row) throws Exception {
            int p = part(index);
            sources.get(p).fill(index - starts[p], into, row);
        }
    }
}
