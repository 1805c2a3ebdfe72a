package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Resizing;

/// Moves space into channels: `[..., c, h r, w r]` becomes `[..., c r², h, w]`.
public final class PixelUnshuffle extends Module {
    private final int downscaleFactor;

    /// @param downscaleFactor r
    public PixelUnshuffle(int downscaleFactor) {
        this.downscaleFactor = downscaleFactor;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Resizing.pixelUnshuffle(x, downscaleFactor);
    }

    @Override
    protected String settings() {
        return "downscaleFactor=" + downscaleFactor;
    }
}
