package dev.tenon.nn.layer;

import dev.tenon.nn.functional.PaddingMode;

/// A margin of the edge element around `[n, c, length]`, with or without n.
public final class ReplicationPad1d extends PadLayer {
    /// @param padding the widths of the margin: one number for all sides, or before and after
    public ReplicationPad1d(int... padding) {
        super(1, PaddingMode.REPLICATE, 0, padding);
    }
}
