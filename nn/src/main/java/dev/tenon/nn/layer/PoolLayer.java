package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import java.util.List;
import java.util.stream.IntStream;

/// What the poolings over one, two and three axes have in common.
public abstract sealed class PoolLayer extends Module
        permits MaxPool1d, MaxPool2d, MaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d {
    private final int axes;
    private final boolean max;
    private final List<Integer> kernelSize;
    private final PoolOptions options;

    PoolLayer(int axes, boolean max, int[] kernelSize, PoolOptions options) {
        this.axes = axes;
        this.max = max;
        this.kernelSize = IntStream.of(kernelSize).boxed().toList();
        this.options = options;
    }

    @Override
    public final Tensor forward(Tensor x) {
        return max ? Pools.maxPool(axes, x, kernelSize, options) : Pools.avgPool(axes, x, kernelSize, options);
    }

    @Override
    protected final String settings() {
        return "kernelSize=" + (kernelSize.size() == 1 ? kernelSize.getFirst() : kernelSize) + options.text();
    }
}
