package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Resizing;

/// Moves channels into space: `[..., c r², h, w]` becomes `[..., c, h r, w r]` (Shi et al., 2016).
public final class PixelShuffle extends Module {
    private final int upscaleFactor;

    /// @param upscaleFactor r
    public PixelShuffle(int upscaleFactor) {
        this.upscaleFactor = upscaleFactor;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Resizing.pixelShuffle(x, upscaleFactor);
    }

    @Override
    protected String settings() {
        return "upscaleFactor=" + upscaleFactor;
    }
}
