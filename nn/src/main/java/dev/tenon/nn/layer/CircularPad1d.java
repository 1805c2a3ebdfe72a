package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of the elements of the opposite edge around `[n, c, length]`, with or without n.
public final class CircularPad1d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or before and after
    public CircularPad1d(int... padding) {
        super(1, PaddingMode.CIRCULAR, 0, padding);
    }
}
