package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// e^-x divided by the sum of e^-x along an axis.
public final class Softmin extends Module {
    private final int axis;

    /// With axis -1.
    public Softmin() {
        this(-1);
    }

    /// @param axis the axis
    public Softmin(int axis) {
        this.axis = axis;
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.neg().softmax(axis);
    }

    @Override
    protected String settings() {
        return "axis=" + axis;
    }
}
