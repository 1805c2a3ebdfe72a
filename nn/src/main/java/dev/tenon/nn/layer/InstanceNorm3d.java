package dev.tenon.nn.layer;

/// Instance normalisation of `[n, c, depth, height, width]`, with or without n; see [InstanceNormLayer].
public final class InstanceNorm3d extends InstanceNormLayer {
    /// With epsilon 1e-5, without scale, shift and running statistics.
    public InstanceNorm3d(long channels) {
        this(channels, plain());
    }

    /// With the given settings.
    public InstanceNorm3d(long channels, BatchNormOptions options) {
        super(3, channels, options);
    }
}
