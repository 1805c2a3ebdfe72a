package dev.tenon.nn.layer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Convs;
import dev.tenon.nn.init.Init;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the convolutions over one, two and three axes have in common.
public abstract sealed class ConvLayer extends Module permits Conv1d, Conv2d, Conv3d {
    private final int axes;
    private final ConvOptions options;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    ConvLayer(int axes, long in, long out, int[] kernel, boolean bias, ConvOptions options) {
        if (kernel.length != 1 && kernel.length != axes || Arrays.stream(kernel).anyMatch(k -> k < 1)) {
            throw new TensorException("conv" + axes + "d: window " + Arrays.toString(kernel)
                    + ": expected one number, or one for each of " + axes + " axes, at least 1");
        }
        int groups = options.groups();
        if (groups < 1 || in % groups != 0 || out % groups != 0) {
            throw new TensorException("conv" + axes + "d: " + in + " channels in, " + out + " out, " + groups
                    + " groups: the groups must divide both");
        }
        this.axes = axes;
        this.options = options;
        long[] dims = new long[axes + 2];
        dims[0] = out;
        dims[1] = in / groups;
        for (int i = 0; i < axes; i++) {
            dims[i + 2] = kernel[kernel.length == 1 ? 0 : i];
        }
        Shape shape = Shape.of(dims);
        this.weight = registerParameter("weight", Parameters.create(shape, Init::defaultWeight));
        this.bias = bias
                ? registerParameter("bias", Parameters.create(Shape.of(out), b -> Init.defaultBias(b, shape)))
                : null;
    }

    /// The weight, `[out, in / groups, kernel...]`.
    public final Parameter weight() {
        return weight;
    }

    /// The bias, `[out]`, or null.
    public final @Nullable Parameter bias() {
        return bias;
    }

    /// How the windows slide.
    public final ConvOptions options() {
        return options;
    }

    @Override
    public final Tensor forward(Tensor x) {
        return Convs.conv(axes, x, weight.get(), bias == null ? null : bias.get(), options);
    }

    /// One for each output and element of the weight that leads to it.
    @Override
    public final long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
        return outputs.getFirst().elements() * (weight.elements() / weight.shape().dim(0));
    }

    @Override
    protected final String settings() {
        Shape w = weight.shape();
        return w.dim(1) * options.groups() + ", " + w.dim(0) + ", kernelSize=" + w.slice(2, w.rank()) + ", "
                + options.text() + (bias == null ? ", bias=false" : "");
    }
}
