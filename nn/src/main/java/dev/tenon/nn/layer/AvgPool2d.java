package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PoolOptions;

/// The mean of each window over two axes of `[n, c, height, width]`, with or without n.
public final class AvgPool2d extends PoolLayer {
    /// Windows side by side.
    public AvgPool2d(int kernelSize) {
        this(kernelSize, new PoolOptions());
    }

    /// Windows at a distance of `stride`.
    public AvgPool2d(int kernelSize, int stride) {
        this(kernelSize, new PoolOptions().stride(stride));
    }

    /// Windows that slide as given.
    public AvgPool2d(int kernelSize, PoolOptions options) {
        this(new int[] {kernelSize}, options);
    }

    /// Windows that slide as given.
    ///
    /// @param kernelSize the window's extents: one number for all spatial axes or one for each
    public AvgPool2d(int[] kernelSize, PoolOptions options) {
        super(2, false, kernelSize, options);
    }
}
