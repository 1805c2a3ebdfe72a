package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of the elements next to the edge element, mirrored at it, around `[n, c, length]`, with or without n.
public final class ReflectionPad1d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or before and after
    public ReflectionPad1d(int... padding) {
        super(1, PaddingMode.REFLECT, 0, padding);
    }
}
