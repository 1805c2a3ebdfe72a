package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import java.util.Arrays;

/// Splits an axis into several.
public final class Unflatten extends Module {
    private final int axis;
    private final long[] dims;

    /// Splits `axis` into the given extents, of which one may be -1.
    public Unflatten(int axis, long... dims) {
        this.axis = axis;
        this.dims = dims.clone();
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.unflatten(axis, dims);
    }

    @Override
    protected String settings() {
        return "axis=" + axis + ", dims=" + Arrays.toString(dims);
    }
}
