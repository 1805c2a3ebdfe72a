package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PoolOptions;

/// The p-norm of each window over two axes of `[n, c, height, width]`, with or without n.
public final class LPPool2d extends LPPoolLayer {
    /// Windows side by side.
    ///
    /// @param p the exponent
    public LPPool2d(double p, int kernelSize) {
        this(p, new int[] {kernelSize}, new PoolOptions());
    }

    /// Windows that slide as given.
    ///
    /// @param p the exponent
    /// @param kernelSize the window's extents: one number for all spatial axes or one for each
    /// @param options stride and ceil mode
    public LPPool2d(double p, int[] kernelSize, PoolOptions options) {
        super(2, p, kernelSize, options);
    }
}
