package dev.tenon.data;

import java.util.random.RandomGenerator;

/// Changes one sample, in the worker that has read it. Must not write to what it is given: that may be shared with a
/// cache.
///
/// @param <T> the type of a sample before
/// @param <R> the type of a sample after
@FunctionalInterface
public interface SampleTransform<T, R> {
    /// The changed sample. Called by several threads at once.
    ///
    /// @param sample what was read
    /// @param random depends on the loader's seed, the epoch and the sample's index alone, so that the result is the
    ///     same whatever the number of workers, their order, and the batch in which a run was resumed
    R apply(T sample, RandomGenerator random) throws Exception;
}
