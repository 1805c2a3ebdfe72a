package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PoolOptions;

/// The largest element of each window over one axis of `[n, c, length]`, with or without n.
public final class MaxPool1d extends PoolLayer {
    /// Windows side by side.
    public MaxPool1d(int kernelSize) {
        this(kernelSize, new PoolOptions());
    }

    /// Windows at a distance of `stride`.
    public MaxPool1d(int kernelSize, int stride) {
        this(kernelSize, new PoolOptions().stride(stride));
    }

    /// Windows that slide as given.
    public MaxPool1d(int kernelSize, PoolOptions options) {
        this(new int[] {kernelSize}, options);
    }

    /// Windows that slide as given.
    ///
    /// @param kernelSize the window's extents: one number for all spatial axes or one for each
    public MaxPool1d(int[] kernelSize, PoolOptions options) {
        super(1, true, kernelSize, options);
    }
}
