package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of zeros around `[n, c, depth, height, width]`, with or without n.
public final class ZeroPad3d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or left, right, top, bottom, front, back;
    ///     negative ones cut off
    public ZeroPad3d(int... padding) {
        super(3, PaddingMode.ZEROS, 0, padding);
    }
}
