package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Pools;
import java.util.List;
import java.util.stream.IntStream;

/// Means over as many windows as are asked for, whatever the extents of `[n, c, depth, height, width]`, with or
/// without n.
public final class AdaptiveAvgPool3d extends Module {
    private final List<Integer> outputSize;

    /// @param outputSize extents of the result: one number for all spatial axes or one for each; -1 keeps the extent
    public AdaptiveAvgPool3d(int... outputSize) {
        this.outputSize = IntStream.of(outputSize).boxed().toList();
    }

    @Override
    public Tensor forward(Tensor x) {
        return Pools.adaptiveAvgPool(3, x, outputSize);
    }

    @Override
    protected String settings() {
        return "outputSize=" + outputSize;
    }
}
