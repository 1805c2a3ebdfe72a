package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of a given number around `[n, c, depth, height, width]`, with or without n.
public final class ConstantPad3d extends PadLayer {
    /// @param value what stands in the margin
    /// @param padding its widths: one number for all sides, or left, right, top, bottom, front, back; negative ones cut
    ///     off
    public ConstantPad3d(double value, int... padding) {
        super(3, PaddingMode.ZEROS, value, padding);
    }
}
