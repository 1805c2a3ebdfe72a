package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of the elements next to the edge element, mirrored at it, around `[n, c, height, width]`, with or
/// without n.
public final class ReflectionPad2d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or left, right, top, bottom
    public ReflectionPad2d(int... padding) {
        super(2, PaddingMode.REFLECT, 0, padding);
    }
}
