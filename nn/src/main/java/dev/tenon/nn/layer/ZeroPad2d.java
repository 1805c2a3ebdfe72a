package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of zeros around `[n, c, height, width]`, with or without n.
public final class ZeroPad2d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or left, right, top, bottom; negative ones
    ///     cut off
    public ZeroPad2d(int... padding) {
        super(2, PaddingMode.ZEROS, 0, padding);
    }
}
