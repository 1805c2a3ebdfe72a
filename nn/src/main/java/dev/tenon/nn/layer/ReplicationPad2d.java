package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of the edge element around `[n, c, height, width]`, with or without n.
public final class ReplicationPad2d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or left, right, top, bottom
    public ReplicationPad2d(int... padding) {
        super(2, PaddingMode.REPLICATE, 0, padding);
    }
}
