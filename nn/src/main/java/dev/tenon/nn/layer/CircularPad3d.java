package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of the elements of the opposite edge around `[n, c, depth, height, width]`, with or without n.
public final class CircularPad3d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or left, right, top, bottom, front, back
    public CircularPad3d(int... padding) {
        super(3, PaddingMode.CIRCULAR, 0, padding);
    }
}
