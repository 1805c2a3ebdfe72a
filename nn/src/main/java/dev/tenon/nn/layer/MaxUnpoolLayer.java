package dev.tenon.nn.layer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.AdaptivePools;
import java.util.Arrays;
import java.util.List;

/// What the reversals of maximum poolings have in common. Elements that were no maximum become zero. The positions come
/// from [dev.tenon.nn.functional.Pools#maxPoolWithIndices].
public abstract sealed class MaxUnpoolLayer extends Module permits MaxUnpool1d, MaxUnpool2d, MaxUnpool3d {
    private final int[] kernel;
    private final int[] stride;
    private final int[] padding;

    MaxUnpoolLayer(int axes, int[] kernel, int[] stride, int... padding) {
        this.kernel = each("window", kernel, axes);
        this.stride = each("stride", stride, axes);
        this.padding = each("padding", padding, axes);
    }

    private int[] each(String what, int[] n, int axes) {
        if (n.length != 1 && n.length != axes) {
            throw new TensorException(getClass().getSimpleName() + ": " + what + " " + Arrays.toString(n)
                    + ": expected one number, or one for each of " + axes + " axes");
        }
        int[] all = Arrays.copyOf(n, axes);
        Arrays.fill(all, n.length, axes, n[0]);
        return all;
    }

    /// Runs the hooks and [#forward(Tensor, Tensor, int...)].
    public final Tensor call(Tensor x, Tensor indices, int... outputSize) {
        return callHooked(List.of(x, indices), in -> List.of(forward(in.get(0), in.get(1), outputSize))).getFirst();
    }

    /// The elements at their positions, zeros elsewhere.
    ///
    /// @param x `[n, c, windows...]`, or without n
    /// @param indices positions within a channel's plane, of the same shape
    /// @param outputSize the spatial extents of the result; none for (windows - 1) stride - 2 padding + kernel
    public final Tensor forward(Tensor x, Tensor indices, int... outputSize) {
        int axes = kernel.length;
        if (x.rank() != axes + 1 && x.rank() != axes + 2 || outputSize.length != 0 && outputSize.length != axes) {
            throw new TensorException(getClass().getSimpleName() + ": input " + x.shape() + ", output size "
                    + Arrays.toString(outputSize) + ": expected [n, c, " + axes
                    + " spatial axes], or the same without n, and as many extents or none");
        }
        long[] out = new long[axes];
        for (int i = 0; i < axes; i++) {
            long windows = x.size(x.rank() - axes + i);
            out[i] = outputSize.length > 0 ? outputSize[i] : (windows - 1) * stride[i] - 2L * padding[i] + kernel[i];
        }
        return AdaptivePools.maxUnpool(x, indices, Shape.of(out));
    }

    @Override
    protected final String settings() {
        return "kernelSize=" + Arrays.toString(kernel) + ", stride=" + Arrays.toString(stride) + ", padding="
                + Arrays.toString(padding);
    }
}
