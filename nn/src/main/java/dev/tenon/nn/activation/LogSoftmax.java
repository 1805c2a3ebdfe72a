package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// The logarithm of the softmax along an axis.
public final class LogSoftmax extends Module {
    private final int axis;

    /// With axis -1.
    public LogSoftmax() {
        this(-1);
    }

    /// @param axis the axis
    public LogSoftmax(int axis) {
        this.axis = axis;
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.logSoftmax(axis);
    }

    @Override
    protected String settings() {
        return "axis=" + axis;
    }
}
