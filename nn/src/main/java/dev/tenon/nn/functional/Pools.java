package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.ReductionOps.ValuesAndIndices;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.WindowGeometry;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/// Pooling: one number for each window of each channel. Inputs are `[n, c, spatial...]` or `[c, spatial...]`.
public final class Pools {
    private static final PoolOptions PLAIN = new PoolOptions();

    private Pools() {}

    // --- largest elements

    /// The largest element of each window of one axis.
    public static Tensor maxPool1d(Tensor x, int kernel, PoolOptions options) {
        return maxPool(1, x, List.of(kernel), options);
    }

    /// The largest element of each window of two axes.
    public static Tensor maxPool2d(Tensor x, int kernel, PoolOptions options) {
        return maxPool(2, x, List.of(kernel), options);
    }

    /// The largest element of each of the square windows that lie side by side.
    public static Tensor maxPool2d(Tensor x, int kernel) {
        return maxPool(2, x, List.of(kernel), PLAIN);
    }

    /// The largest element of each window of three axes.
    public static Tensor maxPool3d(Tensor x, int kernel, PoolOptions options) {
        return maxPool(3, x, List.of(kernel), options);
    }

    /// The largest element of each window; of several the first. Padding never wins, NaN does.
    ///
    /// @param kernel positions in a window, one number for all spatial axes or one for each
    /// @throws TensorException if shapes or settings do not fit
    public static Tensor maxPool(int axes, Tensor x, List<Integer> kernel, PoolOptions options) {
        String name = "max_pool" + axes + "d";
        return Windows.batched(name, x, axes,
                in -> Dispatcher.apply(maxPoolOp(name, axes, kernel, options), List.of(in)).getFirst());
    }

    /// As [#maxPool(int, Tensor, List, PoolOptions)], with the row-major positions of the elements within their
    /// channel's plane (`I64`).
    public static ValuesAndIndices maxPoolWithIndices(int axes, Tensor x, List<Integer> kernel, PoolOptions options) {
        String name = "max_pool" + axes + "d";
        boolean batch = x.rank() == axes + 2;
        List<Tensor> out = Dispatcher.apply(
                maxPoolOp(name, axes, kernel, options), List.of(batch ? x : x.unsqueeze(0)));
        Tensor values = out.get(0);
        Tensor indices = out.get(1);
        return batch ? new ValuesAndIndices(values, indices)
                : new ValuesAndIndices(values.squeeze(0), indices.squeeze(0));
    }

    private static MaxPool maxPoolOp(String name, int axes, List<Integer> kernel, PoolOptions options) {
        List<Integer> size = Windows.each(name, "window", kernel, axes);
        return new MaxPool(size, geometry(name, axes, size, options), options.ceil());
    }

    private static WindowGeometry geometry(String name, int axes, List<Integer> kernel, PoolOptions o) {
        List<Integer> stride = o.strides().isEmpty() ? kernel : Windows.each(name, "stride", o.strides(), axes);
        List<Integer> padding = Windows.each(name, "padding", o.paddings(), axes);
        return new WindowGeometry(stride, padding, padding, Windows.each(name, "dilation", o.dilations(), axes));
    }

    // --- means

    /// The mean of each window of one axis.
    public static Tensor avgPool1d(Tensor x, int kernel, PoolOptions options) {
        return avgPool(1, x, List.of(kernel), options);
    }

    /// The mean of each window of two axes.
    public static Tensor avgPool2d(Tensor x, int kernel, PoolOptions options) {
        return avgPool(2, x, List.of(kernel), options);
    }

    /// The mean of each of the square windows that lie side by side.
    public static Tensor avgPool2d(Tensor x, int kernel) {
        return avgPool(2, x, List.of(kernel), PLAIN);
    }

    /// The mean of each window of three axes.
    public static Tensor avgPool3d(Tensor x, int kernel, PoolOptions options) {
        return avgPool(3, x, List.of(kernel), options);
    }

    /// The mean of each window.
    ///
    /// @param kernel positions in a window, one number for all spatial axes or one for each
    /// @throws TensorException if shapes or settings do not fit
    public static Tensor avgPool(int axes, Tensor x, List<Integer> kernel, PoolOptions options) {
        String name = "avg_pool" + axes + "d";
        List<Integer> size = Windows.each(name, "window", kernel, axes);
        if (options.dilations().stream().anyMatch(d -> d != 1)) {
            throw new TensorException(name + ": dilation " + options.dilations() + ": means take dilation 1 only");
        }
        if (options.divisor().orElse(1) == 0) {
            throw new TensorException(name + ": divisorOverride is 0");
        }
        AvgPool op = new AvgPool(size, geometry(name, axes, size, options), options.ceil(), options.countPadding(),
                options.divisor());
        return Windows.batched(name, x, axes, in -> Dispatcher.run(op, in));
    }

    // --- norms

    /// The p-norm of each window: the p-th root of the sum of its elements' p-th powers; NaN where that sum is
    /// negative, which odd exponents allow.
    ///
    /// @param p the exponent, not 0
    /// @param kernel positions in a window, one number for all spatial axes or one for each
    /// @param options stride and ceil mode; there is no padding
    /// @throws TensorException if shapes or settings do not fit
    public static Tensor lpPool(int axes, Tensor x, double p, List<Integer> kernel, PoolOptions options) {
        String name = "lp_pool" + axes + "d";
        List<Integer> size = Windows.each(name, "window", kernel, axes);
        if (p == 0 || options.paddings().stream().anyMatch(w -> w != 0)) {
            throw new TensorException(name + ": exponent " + p + ", padding " + options.paddings()
                    + ": expected an exponent that is not 0, and no padding");
        }
        long positions = size.stream().mapToLong(k -> k).reduce(1, (a, b) -> a * b);
        Tensor powers = avgPool(axes, x.pow(p), size, options);
        return powers.mul((double) positions).pow(1 / p);
    }

    // --- means over windows that follow from the size of the result

    /// The means of as many windows as are asked for, evenly over each of the last `axes` axes: window i of o covers
    /// elements ⌊i n / o⌋ to ⌈(i + 1) n / o⌉ of n.
    ///
    /// @param size extents of the result: one number for all spatial axes or one for each; -1 keeps the extent
    /// @throws TensorException if shapes do not fit
    public static Tensor adaptiveAvgPool(int axes, Tensor x, List<Integer> size) {
        String name = "adaptive_avg_pool" + axes + "d";
        List<Integer> out = Windows.each(name, "size", size, axes);
        if (out.stream().anyMatch(s -> s < -1)) {
            throw new TensorException(name + ": size " + out + ": expected numbers of windows, or -1");
        }
        return Windows.batched(name, x, axes, in -> {
            int[] kernel = new int[axes];
            boolean even = true;
            for (int i = 0; i < axes; i++) {
                long n = in.size(i + 2);
                long o = out.get(i) == -1 ? n : out.get(i);
                even &= o > 0 && n > 0 && n % o == 0;
                kernel[i] = even ? (int) (n / o) : 1;
            }
            if (even) {
                List<Integer> k = IntStream.of(kernel).boxed().toList();
                List<Integer> none = Collections.nCopies(axes, 0);
                WindowGeometry g = new WindowGeometry(k, none, none, Collections.nCopies(axes, 1));
                return Dispatcher.run(new AvgPool(k, g, false, true, OptionalLong.empty()), in);
            }
            Tensor t = in;
            for (int i = 0; i < axes; i++) {
                t = evenMeans(name, t, i + 2, out.get(i) == -1 ? t.size(i + 2) : out.get(i));
            }
            return t;
        });
    }

    /// Means along one axis. Each window's elements are picked, filled up to the longest with ones that do not count:
    /// a product with a matrix of weights would spread NaN and infinities to windows that they are not in.
    private static Tensor evenMeans(String name, Tensor x, int axis, long windows) {
        long n = x.size(axis);
        if (n == windows) {
            return x;
        }
        if (n == 0) {
            throw new TensorException(name + ": input " + x.shape() + " has nothing along axis " + axis);
        }
        int o = (int) windows;
        int longest = 0;
        for (int i = 0; i < o; i++) {
            longest = (int) Math.max(longest, end(i, n, o) - i * n / o);
        }
        long[] at = new long[o * longest];
        boolean[] counts = new boolean[o * longest];
        float[] length = new float[o];
        for (int i = 0; i < o; i++) {
            long from = i * n / o;
            length[i] = end(i, n, o) - from;
            for (int j = 0; j < longest; j++) {
                counts[i * longest + j] = from + j < end(i, n, o);
                at[i * longest + j] = Math.min(from + j, n - 1);
            }
        }
        long[] trailing = new long[x.rank() - axis + 1];
        Arrays.fill(trailing, 1);
        trailing[0] = o;
        trailing[1] = longest;
        Tensor mask = Tensors.of(counts).to(x.device()).reshape(trailing);
        Tensor picked = x.indexSelect(axis, Tensors.of(at, Shape.of(at.length), x.device()))
                .unflatten(axis, o, longest).maskedFill(mask.logicalNot(), 0);
        long[] perWindow = Arrays.copyOf(trailing, trailing.length - 1);
        perWindow[0] = o;
        Arrays.fill(perWindow, 1, perWindow.length, 1);
        DType dtype = x.dtype();
        return picked.sum(axis + 1).div(Tensors.of(length, Shape.of(perWindow), x.device()).to(dtype));
    }

    private static long end(int window, long n, int windows) {
        return ((window + 1) * n + windows - 1) / windows;
    }
}
