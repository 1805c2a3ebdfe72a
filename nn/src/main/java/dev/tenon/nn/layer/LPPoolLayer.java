package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import java.util.List;
import java.util.stream.IntStream;

/// What the poolings by p-norms have in common.
public abstract sealed class LPPoolLayer extends Module permits LPPool1d, LPPool2d, LPPool3d {
    private final int axes;
    private final double p;
    private final List<Integer> kernelSize;
    private final PoolOptions options;

    LPPoolLayer(int axes, double p, int[] kernelSize, PoolOptions options) {
        this.axes = axes;
        this.p = p;
        this.kernelSize = IntStream.of(kernelSize).boxed().toList();
        this.options = options;
    }

    @Override
    public final Tensor forward(Tensor x) {
        return Pools.lpPool(axes, x, p, kernelSize, options);
    }

    @Override
    protected final String settings() {
        return "p=" + p + ", kernelSize=" + (kernelSize.size() == 1 ? kernelSize.getFirst() : kernelSize)
                + options.text();
    }
}
