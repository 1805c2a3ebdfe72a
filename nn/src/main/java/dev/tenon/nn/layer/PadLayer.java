package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Padding;
import dev.tenon.nn.functional.PaddingMode;
import java.util.Arrays;

/// What the layers that add a margin have in common.
public abstract sealed class PadLayer extends Module
        permits ConstantPad1d, ConstantPad2d, ConstantPad3d, ZeroPad1d, ZeroPad2d, ZeroPad3d, ReflectionPad1d,
                ReflectionPad2d, ReflectionPad3d, ReplicationPad1d, ReplicationPad2d, ReplicationPad3d,
                CircularPad1d, CircularPad2d, CircularPad3d {
    private final int axes;
    private final PaddingMode mode;
    private final double value;
    private final long[] widths;

    PadLayer(int axes, PaddingMode mode, double value, int... padding) {
        if (padding.length != 1 && padding.length != 2 * axes) {
            throw new TensorException(getClass().getSimpleName() + ": padding " + Arrays.toString(padding)
                    + ": expected one number, or " + 2 * axes + ", before and after each axis from the last");
        }
        this.axes = axes;
        this.mode = mode;
        this.value = value;
        this.widths = new long[2 * axes];
        Arrays.setAll(widths, i -> padding[padding.length == 1 ? 0 : i]);
    }

    @Override
    public final Tensor forward(Tensor x) {
        if (x.rank() != axes + 1 && x.rank() != axes + 2) {
            throw new TensorException(getClass().getSimpleName() + ": input " + x.shape() + ": expected [n, c, " + axes
                    + " spatial axes], or the same without n");
        }
        return mode == PaddingMode.ZEROS ? Tensors.pad(x, value, widths) : Padding.pad(x, mode, widths);
    }

    @Override
    protected final String settings() {
        return Arrays.toString(widths) + (value == 0 ? "" : ", value=" + value);
    }
}
