package dev.tenon.nn.train;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// Training cannot go on: the loss is no finite number any more, or, with anomalies looked for, an op made NaN.
public final class DivergedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final long step;
    private final int epoch;
    private final @Nullable String layer;

    DivergedException(String message, long step, int epoch, @Nullable String layer, @Nullable Throwable cause) {
        super(message, cause);
        this.step = step;
        this.epoch = epoch;
        this.layer = layer;
    }

    /// The step of the optimiser, from 0, whose loss was the first without a finite value.
    public long step() {
        return step;
    }

    /// The number of the epoch, from 1.
    public int epoch() {
        return epoch;
    }

    /// The name of the module in which NaN was made, where anomalies were looked for and it is known; else null.
    public @Nullable String layer() {
        return layer;
    }
}
