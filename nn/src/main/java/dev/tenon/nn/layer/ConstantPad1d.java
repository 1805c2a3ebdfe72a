package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of a given number around `[n, c, length]`, with or without n.
public final class ConstantPad1d extends PadLayer {
    /// @param value what stands in the margin
    /// @param padding its widths: one number for all sides, or before and after; negative ones cut off
    public ConstantPad1d(double value, int... padding) {
        super(1, PaddingMode.ZEROS, value, padding);
    }
}
