package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Shrinkage;

/// The first half along an axis times the sigmoid of the second (Dauphin et al., 2016).
public final class GLU extends Module {
    private final int axis;

    /// With axis -1.
    public GLU() {
        this(-1);
    }

    /// @param axis the axis
    public GLU(int axis) {
        this.axis = axis;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Shrinkage.glu(x, axis);
    }

    @Override
    protected String settings() {
        return "axis=" + axis;
    }
}
