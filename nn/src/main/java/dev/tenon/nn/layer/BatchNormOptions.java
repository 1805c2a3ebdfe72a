package dev.tenon.nn.layer;

import java.util.OptionalDouble;

/// Settings of batch normalisation: `new BatchNormOptions().momentum(0.01)`. Immutable.
///
/// @param epsilonValue added to the variance
/// @param momentumValue how much of the new statistics enters the running ones; empty for the mean of all so far
/// @param hasAffine whether there are a scale and a shift
/// @param tracksRunningStats whether there are running statistics; without them evaluation uses the batch's too
public record BatchNormOptions(double epsilonValue, OptionalDouble momentumValue, boolean hasAffine,
        boolean tracksRunningStats) {
    /// Epsilon 1e-5, momentum 0.1, scale and shift, running statistics.
    public BatchNormOptions() {
        this(1e-5, OptionalDouble.of(0.1), true, true);
    }

    /// With another epsilon.
    public BatchNormOptions epsilon(double v) {
        return new BatchNormOptions(v, momentumValue, hasAffine, tracksRunningStats);
    }

    /// With another momentum.
    public BatchNormOptions momentum(double v) {
        return new BatchNormOptions(epsilonValue, OptionalDouble.of(v), hasAffine, tracksRunningStats);
    }

    /// With running statistics that are the mean of those of all batches so far.
    public BatchNormOptions cumulativeAverage() {
        return new BatchNormOptions(epsilonValue, OptionalDouble.empty(), hasAffine, tracksRunningStats);
    }

    /// With or without scale and shift.
    public BatchNormOptions affine(boolean on) {
        return new BatchNormOptions(epsilonValue, momentumValue, on, tracksRunningStats);
    }

    /// With or without running statistics.
    public BatchNormOptions trackRunningStats(boolean on) {
        return new BatchNormOptions(epsilonValue, momentumValue, hasAffine, on);
    }
}
