package dev.tenon.nn.layer;

/// Batch normalisation of `[n, c, height, width]`; see [BatchNormLayer].
public final class BatchNorm2d extends BatchNormLayer {
    /// With epsilon 1e-5, momentum 0.1, scale and shift, and running statistics.
    public BatchNorm2d(long channels) {
        this(channels, new BatchNormOptions());
    }

    /// With the given settings.
    public BatchNorm2d(long channels, BatchNormOptions options) {
        super("[n, c, height, width]", channels, options, 4);
    }
}
