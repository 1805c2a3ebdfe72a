package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Resizing;

/// Interleaves groups of channels of `[n, c, ...]` (Zhang et al., 2018).
public final class ChannelShuffle extends Module {
    private final int groups;

    /// @param groups a divisor of c
    public ChannelShuffle(int groups) {
        this.groups = groups;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Resizing.channelShuffle(x, groups);
    }

    @Override
    protected String settings() {
        return "groups=" + groups;
    }
}
