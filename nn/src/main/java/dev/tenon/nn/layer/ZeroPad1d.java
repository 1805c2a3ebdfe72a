package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of zeros around `[n, c, length]`, with or without n.
public final class ZeroPad1d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or before and after; negative ones
    ///     cut off
    public ZeroPad1d(int... padding) {
        super(1, PaddingMode.ZEROS, 0, padding);
    }
}
