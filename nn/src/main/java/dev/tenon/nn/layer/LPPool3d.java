package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PoolOptions;

/// The p-norm of each window over three axes of `[n, c, depth, height, width]`, with or without n.
public final class LPPool3d extends LPPoolLayer {
    /// Windows side by side.
    ///
    /// @param p the exponent
    public LPPool3d(double p, int kernelSize) {
        this(p, new int[] {kernelSize}, new PoolOptions());
    }

    /// Windows that slide as given.
    ///
    /// @param p the exponent
    /// @param kernelSize the window's extents: one number for all spatial axes or one for each
    /// @param options stride and ceil mode
    public LPPool3d(double p, int[] kernelSize, PoolOptions options) {
        super(3, p, kernelSize, options);
    }
}
