package dev.tenon.nn.layer;

/// Instance normalisation of `[n, c, height, width]`, with or without n; see [InstanceNormLayer].
public final class InstanceNorm2d extends InstanceNormLayer {
    /// With epsilon 1e-5, without scale, shift and running statistics.
    public InstanceNorm2d(long channels) {
        this(channels, plain());
    }

    /// With the given settings.
    public InstanceNorm2d(long channels, BatchNormOptions options) {
        super(2, channels, options);
    }
}
