package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PoolOptions;

/// The mean of each window over three axes of `[n, c, depth, height, width]`, with or without n.
public final class AvgPool3d extends PoolLayer {
    /// Windows side by side.
    public AvgPool3d(int kernelSize) {
        this(kernelSize, new PoolOptions());
    }

    /// Windows at a distance of `stride`.
    public AvgPool3d(int kernelSize, int stride) {
        this(kernelSize, new PoolOptions().stride(stride));
    }

    /// Windows that slide as given.
    public AvgPool3d(int kernelSize, PoolOptions options) {
        this(new int[] {kernelSize}, options);
    }

    /// Windows that slide as given.
    ///
    /// @param kernelSize the window's extents: one number for all spatial axes or one for each
    public AvgPool3d(int[] kernelSize, PoolOptions options) {
        super(3, false, kernelSize, options);
    }
}
