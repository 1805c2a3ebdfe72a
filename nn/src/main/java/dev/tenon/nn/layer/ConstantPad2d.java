package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of a given number around `[n, c, height, width]`, with or without n.
public final class ConstantPad2d extends PadLayer {
    /// @param value what stands in the margin
    /// @param padding its widths: one number for all sides, or left, right, top, bottom; negative ones cut off
    public ConstantPad2d(double value, int... padding) {
        super(2, PaddingMode.ZEROS, value, padding);
    }
}
