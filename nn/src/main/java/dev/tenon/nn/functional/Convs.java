package dev.tenon.nn.functional;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.WindowGeometry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Convolutions (cross-correlations, as neural networks use them).
///
/// Inputs are `[n, c, spatial...]` or `[c, spatial...]`, weights `[o, c / groups, kernel...]`, biases `[o]`. Each
/// spatial extent L becomes (L + padding - dilation (kernel - 1) - 1) / stride + 1, rounded down.
public final class Convs {
    private static final ConvOptions PLAIN = new ConvOptions();

    private Convs() {}

    /// A convolution over one spatial axis.
    public static Tensor conv1d(Tensor x, Tensor weight, @Nullable Tensor bias, ConvOptions options) {
        return conv(1, x, weight, bias, options);
    }

    /// A convolution over two spatial axes.
    public static Tensor conv2d(Tensor x, Tensor weight, @Nullable Tensor bias, ConvOptions options) {
        return conv(2, x, weight, bias, options);
    }

    /// A convolution over two spatial axes with stride 1 and without padding.
    public static Tensor conv2d(Tensor x, Tensor weight, @Nullable Tensor bias) {
        return conv(2, x, weight, bias, PLAIN);
    }

    /// A convolution over three spatial axes.
    public static Tensor conv3d(Tensor x, Tensor weight, @Nullable Tensor bias, ConvOptions options) {
        return conv(3, x, weight, bias, options);
    }

    /// A convolution over any number of spatial axes.
    ///
    /// @throws TensorException if shapes, dtypes or settings do not fit
    public static Tensor conv(int axes, Tensor x, Tensor weight, @Nullable Tensor bias, ConvOptions options) {
        String name = "conv" + axes + "d";
        if (weight.rank() != axes + 2) {
            throw new TensorException(name + ": weight " + weight.shape() + ": expected [o, c / groups, " + axes
                    + " kernel axes]");
        }
        Margin margin = margin(name, axes, weight, options);
        return Windows.batched(name, x, axes, in -> {
            Tensor padded = in;
            List<Integer> low = margin.low;
            List<Integer> high = margin.high;
            if (options.paddingMode() != PaddingMode.ZEROS) {
                padded = Padding.pad(in, options.paddingMode(), margin.widths());
                low = Collections.nCopies(axes, 0);
                high = low;
            }
            WindowGeometry geometry = new WindowGeometry(
                    Windows.each(name, "stride", options.strides(), axes), low, high, margin.dilation);
            List<Tensor> operands = bias == null ? List.of(padded, weight) : List.of(padded, weight, bias);
            return Dispatcher.apply(new Convolution(geometry, options.groups()), operands).getFirst();
        });
    }

    private record Margin(List<Integer> low, List<Integer> high, List<Integer> dilation) {
        /// In the order of [Padding#pad].
        long[] widths() {
            int s = low.size();
            long[] w = new long[2 * s];
            for (int i = 0; i < s; i++) {
                w[2 * i] = low.get(s - 1 - i);
                w[2 * i + 1] = high.get(s - 1 - i);
            }
            return w;
        }
    }

    private static Margin margin(String name, int axes, Tensor weight, ConvOptions o) {
        List<Integer> dilation = Windows.each(name, "dilation", o.dilations(), axes);
        if (!o.same()) {
            List<Integer> p = Windows.each(name, "padding", o.paddings(), axes);
            if (p.stream().anyMatch(w -> w < 0)) {
                throw new TensorException(name + ": padding " + p + " is negative");
            }
            return new Margin(p, p, dilation);
        }
        if (o.strides().stream().anyMatch(s -> s != 1)) {
            throw new TensorException(name + ": padding \"same\" with stride " + o.strides()
                    + ": the extents can only stay with stride 1; give the padding in numbers");
        }
        List<Integer> low = new ArrayList<>();
        List<Integer> high = new ArrayList<>();
        for (int i = 0; i < axes; i++) {
            int total = (int) (dilation.get(i) * (weight.size(i + 2) - 1));
            low.add(total / 2);
            high.add(total - total / 2);
        }
        return new Margin(low, high, dilation);
    }
}
