package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.AdaptivePools;
import java.util.List;
import java.util.stream.IntStream;

/// The largest elements of as many windows as are asked for, whatever the extents of `[n, c, length]`, with or
/// without n. [AdaptivePools] gives their positions as well.
public final class AdaptiveMaxPool1d extends Module {
    private final List<Integer> outputSize;

    /// @param outputSize extents of the result: one number for all spatial axes or one for each; -1 keeps the extent
    public AdaptiveMaxPool1d(int... outputSize) {
        this.outputSize = IntStream.of(outputSize).boxed().toList();
    }

    @Override
    public Tensor forward(Tensor x) {
        return AdaptivePools.adaptiveMaxPool(1, x, outputSize).values();
    }

    @Override
    protected String settings() {
        return "outputSize=" + outputSize;
    }
}
