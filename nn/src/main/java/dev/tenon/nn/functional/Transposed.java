package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.WindowGeometry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Transposed convolution, and the windows of a convolution taken apart and put together.
public final class Transposed {
    private Transposed() {}

    /// Transposed convolution: the gradient of a convolution as a map of its own, which enlarges the spatial extents by
    /// the stride.
    ///
    /// @param axes the number of spatial axes
    /// @param x `[n, in, spatial...]`, or the same without n
    /// @param weight `[in, out / groups, kernel...]`
    /// @param bias `[out]`, or null
    /// @param options stride, padding (here what is cut off), dilation and groups
    /// @param outputPadding elements added at the high end of each spatial axis: one number or one for each
    /// @throws TensorException if shapes or settings do not fit
    public static Tensor convTranspose(int axes, Tensor x, Tensor weight, @Nullable Tensor bias, ConvOptions options,
            int... outputPadding) {
        String name = "conv_transpose" + axes + "d";
        if (weight.rank() != axes + 2) {
            throw new TensorException(name + ": weight " + weight.shape() + ": expected [in, out / groups, kernel...]");
        }
        List<Integer> stride = Windows.each(name, "stride", options.strides(), axes);
        List<Integer> padding = Windows.each(name, "padding", options.paddings(), axes);
        List<Integer> dilation = Windows.each(name, "dilation", options.dilations(), axes);
        List<Integer> extra = Windows.each(name, "output padding",
                outputPadding.length == 0 ? List.of(0) : IntStream.of(outputPadding).boxed().toList(), axes);
        Tensor y = Windows.batched(name, x, axes, in -> {
            if (in.size(1) != weight.size(0)) {
                throw new TensorException(name + ": input " + x.shape() + ", weight " + weight.shape()
                        + ": the weight takes " + weight.size(0) + " channels");
            }
            long[] dims = in.shape().toArray();
            dims[1] = weight.size(1) * options.groups();
            List<Integer> high = new ArrayList<>(padding);
            for (int i = 0; i < axes; i++) {
                if (extra.get(i) < 0 || extra.get(i) >= Math.max(stride.get(i), dilation.get(i))) {
                    throw new TensorException(name + ": output padding " + extra + ": expected less than stride "
                            + stride + " or dilation " + dilation);
                }
                dims[i + 2] = (dims[i + 2] - 1) * stride.get(i) - 2L * padding.get(i)
                        + dilation.get(i) * (weight.size(i + 2) - 1) + extra.get(i) + 1;
                // The convolution whose gradient this is must have as many windows as x has elements.
                high.set(i, extra.get(i) < stride.get(i) ? padding.get(i) : padding.get(i) - extra.get(i));
            }
            WindowGeometry geometry = new WindowGeometry(stride, padding, high, dilation);
            Convolution convolution = new Convolution(geometry, options.groups());
            return Dispatcher.run(new ConvolutionBackwardData(convolution, Shape.of(dims)), in, weight);
        });
        if (bias == null) {
            return y;
        }
        long[] channels = new long[axes + 1];
        Arrays.fill(channels, 1);
        channels[0] = bias.elements();
        return y.add(bias.reshape(channels));
    }

    /// The windows of an image as columns, `[n, c * positions, windows]`.
    ///
    /// @param x `[n, c, height, width]`, or the same without n
    /// @param kernel positions in a window, one number or two
    /// @param options stride, padding and dilation
    public static Tensor unfold(Tensor x, List<Integer> kernel, ConvOptions options) {
        List<Integer> size = Windows.each("unfold", "kernel", kernel, 2);
        return Windows.batched("unfold", x, 2, in -> {
            Tensor t = windows(padded(in, options), size, options);
            return t.permute(0, 1, 4, 5, 2, 3).reshape(Shape.of(
                    in.size(0), in.size(1) * size.get(0) * size.get(1), t.size(2) * t.size(3)));
        });
    }

    private static Tensor padded(Tensor x, ConvOptions options) {
        List<Integer> p = Windows.each("unfold", "padding", options.paddings(), 2);
        return p.get(0) == 0 && p.get(1) == 0 ? x
                : Tensors.pad(x, 0, p.get(1), p.get(1), p.get(0), p.get(0));
    }

    private static Tensor windows(Tensor x, List<Integer> size, ConvOptions options) {
        List<Integer> stride = Windows.each("unfold", "stride", options.strides(), 2);
        List<Integer> dilation = Windows.each("unfold", "dilation", options.dilations(), 2);
        int first = x.rank() - 2;
        Tensor t = x;
        for (int i = 0; i < 2; i++) {
            t = Dispatcher.run(new ViewOp.Window(first + i, size.get(i), stride.get(i), dilation.get(i)), t);
        }
        return t;
    }

    /// Columns put together to an image, values of overlapping windows added: the opposite of [#unfold].
    ///
    /// @param columns `[n, c * positions, windows]`, or the same without n
    /// @param output height and width of the image, one number or two
    /// @throws TensorException if the columns do not fit the image
    public static Tensor fold(Tensor columns, List<Integer> output, List<Integer> kernel, ConvOptions options) {
        if (columns.rank() == 2) {
            return fold(columns.unsqueeze(0), output, kernel, options).squeeze(0);
        }
        List<Integer> size = Windows.each("fold", "kernel", kernel, 2);
        List<Integer> image = Windows.each("fold", "output size", output, 2);
        List<Integer> p = Windows.each("fold", "padding", options.paddings(), 2);
        long height = image.get(0) + 2L * p.get(0);
        long width = image.get(1) + 2L * p.get(1);
        long positions = (long) size.get(0) * size.get(1);
        Tensor places = Tensors.arange(0, height * width, 1, DType.I64, columns.device())
                .reshape(Shape.of(height, width));
        Tensor index = windows(places, size, options).permute(2, 3, 0, 1).reshape(-1);
        if (columns.rank() != 3 || columns.size(1) % positions != 0
                || index.elements() != positions * columns.size(2)) {
            throw new TensorException("fold: columns " + columns.shape() + ": expected [n, c * " + positions + ", "
                    + index.elements() / positions + "] for an image of " + image);
        }
        long n = columns.size(0);
        long c = columns.size(1) / positions;
        Tensor values = columns.reshape(Shape.of(n, c, index.elements()));
        Tensor sum = Tensors.zeros(Shape.of(n, c, height * width), columns.dtype(), columns.device())
                .scatterAdd(2, index.expand(values.shape()), values)
                .reshape(Shape.of(n, c, height, width));
        return sum.narrow(2, p.get(0), image.get(0)).narrow(3, p.get(1), image.get(1));
    }
}
