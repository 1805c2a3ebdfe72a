package dev.tenon.nn.layer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.PaddingMode;
import dev.tenon.nn.functional.Transposed;
import dev.tenon.nn.init.Init;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the transposed convolutions over one, two and three axes have in common. Each spatial extent L becomes
/// (L - 1) stride - 2 padding + dilation (kernel - 1) + output padding + 1.
public abstract sealed class ConvTransposeLayer extends Module
        permits ConvTranspose1d, ConvTranspose2d, ConvTranspose3d {
    private final int axes;
    private final ConvOptions options;
    private final int[] outputPadding;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    ConvTransposeLayer(int axes, long in, long out, int[] kernel, boolean bias, ConvOptions options,
            int... outputPadding) {
        String name = "conv_transpose" + axes + "d";
        if (kernel.length != 1 && kernel.length != axes || Arrays.stream(kernel).anyMatch(k -> k < 1)) {
            throw new TensorException(name + ": window " + Arrays.toString(kernel)
                    + ": expected one number, or one for each of " + axes + " axes, at least 1");
        }
        int groups = options.groups();
        if (groups < 1 || in % groups != 0 || out % groups != 0) {
            throw new TensorException(name + ": " + in + " channels in, " + out + " out, " + groups
                    + " groups: the groups must divide both");
        }
        if (options.same() || options.paddingMode() != PaddingMode.ZEROS) {
            throw new TensorException(name + ": " + options.text()
                    + ": padding takes numbers here, which are cut off the result, and no mode");
        }
        this.axes = axes;
        this.options = options;
        this.outputPadding = outputPadding.clone();
        long[] dims = new long[axes + 2];
        dims[0] = in;
        dims[1] = out / groups;
        for (int i = 0; i < axes; i++) {
            dims[i + 2] = kernel[kernel.length == 1 ? 0 : i];
        }
        Shape shape = Shape.of(dims);
        this.weight = registerParameter("weight", Parameters.create(shape, Init::defaultWeight));
        this.bias = bias
                ? registerParameter("bias", Parameters.create(Shape.of(out), b -> Init.defaultBias(b, shape)))
                : null;
    }

    /// The weight, `[in, out / groups, kernel...]`.
    public final Parameter weight() {
        return weight;
    }

    /// The bias, `[out]`, or null.
    public final @Nullable Parameter bias() {
        return bias;
    }

    @Override
    public final Tensor forward(Tensor x) {
        return Transposed.convTranspose(
                axes, x, weight.get(), bias == null ? null : bias.get(), options, outputPadding);
    }

    /// One for each element of the input and of the weight that it meets.
    @Override
    public final long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
        return inputs.getFirst().elements() * (weight.elements() / weight.shape().dim(0));
    }

    @Override
    protected final String settings() {
        Shape w = weight.shape();
        return w.dim(0) + ", " + w.dim(1) * options.groups() + ", kernelSize=" + w.slice(2, w.rank()) + ", "
                + options.text() + (Arrays.stream(outputPadding).anyMatch(p -> p != 0)
                        ? ", outputPadding=" + Arrays.toString(outputPadding) : "")
                + (bias == null ? ", bias=false" : "");
    }
}
