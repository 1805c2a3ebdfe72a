package dev.tenon.nn.layer;

/// Batch normalisation of `[n, c, depth, height, width]`; see [BatchNormLayer].
public final class BatchNorm3d extends BatchNormLayer {
    /// With epsilon 1e-5, momentum 0.1, scale and shift, and running statistics.
    public BatchNorm3d(long channels) {
        this(channels, new BatchNormOptions());
    }

    /// With the given settings.
    public BatchNorm3d(long channels, BatchNormOptions options) {
        super("[n, c, depth, height, width]", channels, options, 5);
    }
}
