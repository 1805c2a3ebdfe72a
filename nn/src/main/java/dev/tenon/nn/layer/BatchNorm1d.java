package dev.tenon.nn.layer;

/// Batch normalisation of `[n, c] or [n, c, length]`; see [BatchNormLayer].
public final class BatchNorm1d extends BatchNormLayer {
    /// With epsilon 1e-5, momentum 0.1, scale and shift, and running statistics.
    public BatchNorm1d(long channels) {
        this(channels, new BatchNormOptions());
    }

    /// With the given settings.
    public BatchNorm1d(long channels, BatchNormOptions options) {
        super("[n, c] or [n, c, length]", channels, options, 2, 3);
    }
}
