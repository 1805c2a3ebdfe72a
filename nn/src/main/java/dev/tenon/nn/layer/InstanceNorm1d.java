package dev.tenon.nn.layer;

/// Instance normalisation of `[n, c, length]`, with or without n; see [InstanceNormLayer].
public final class InstanceNorm1d extends InstanceNormLayer {
    /// With epsilon 1e-5, without scale, shift and running statistics.
    public InstanceNorm1d(long channels) {
        this(channels, plain());
    }

    /// With the given settings.
    public InstanceNorm1d(long channels, BatchNormOptions options) {
        super(1, channels, options);
    }
}
