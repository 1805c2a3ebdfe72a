package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PoolOptions;

/// The mean of each window over one axis of `[n, c, length]`, with or without n.
public final class AvgPool1d extends PoolLayer {
    /// Windows side by side.
    public AvgPool1d(int kernelSize) {
        this(kernelSize, new PoolOptions());
    }

    /// Windows at a distance of `stride`.
    public AvgPool1d(int kernelSize, int stride) {
        this(kernelSize, new PoolOptions().stride(stride));
    }

    /// Windows that slide as given.
    public AvgPool1d(int kernelSize, PoolOptions options) {
        this(new int[] {kernelSize}, options);
    }

    /// Windows that slide as given.
    ///
    /// @param kernelSize the window's extents: one number for all spatial axes or one for each
    public AvgPool1d(int[] kernelSize, PoolOptions options) {
        super(1, false, kernelSize, options);
    }
}
