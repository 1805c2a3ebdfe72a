package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of the elements of the opposite edge around `[n, c, height, width]`, with or without n.
public final class CircularPad2d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or left, right, top, bottom
    public CircularPad2d(int... padding) {
        super(2, PaddingMode.CIRCULAR, 0, padding);
    }
}
