package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// Merges axes into one, by default all but the first: `[n, c, h, w]` to `[n, c h w]`.
public final class Flatten extends Module {
    private final int from;
    private final int to;

    /// Merges all axes but the first.
    public Flatten() {
        this(1, -1);
    }

    /// Merges the axes `from` to `to`, both included.
    public Flatten(int from, int to) {
        this.from = from;
        this.to = to;
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.flatten(from, to);
    }

    @Override
    protected String settings() {
        return "from=" + from + ", to=" + to;
    }
}
