package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of the elements next to the edge element, mirrored at it, around `[n, c, depth, height, width]`, with
/// or without n.
public final class ReflectionPad3d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or left, right, top, bottom, front, back
    public ReflectionPad3d(int... padding) {
        super(3, PaddingMode.REFLECT, 0, padding);
    }
}
