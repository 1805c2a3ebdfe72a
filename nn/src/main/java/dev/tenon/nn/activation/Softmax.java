package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// e^x divided by the sum of e^x along an axis.
public final class Softmax extends Module {
    private final int axis;

    /// With axis -1.
    public Softmax() {
        this(-1);
    }

    /// @param axis the axis
    public Softmax(int axis) {
        this.axis = axis;
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.softmax(axis);
    }

    @Override
    protected String settings() {
        return "axis=" + axis;
    }
}
