package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of the edge element around `[n, c, depth, height, width]`, with or without n.
public final class ReplicationPad3d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or left, right, top, bottom, front, back
    public ReplicationPad3d(int... padding) {
        super(3, PaddingMode.REPLICATE, 0, padding);
    }
}
