package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.WindowGeometry;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/// Pooling.
final class Pooling {
    private Pooling() {}

    static void register(Operators r) {
        r.same("AveragePool", 1, Pooling::average);
        r.add("MaxPool", 1, Pooling::max);
        r.same("LpPool", 1, Pooling::norm);
        r.same("MaxUnpool", 9, Pooling::unpool);
        r.same("GlobalAveragePool", 1, Pooling::globalAverage);
        r.same("GlobalMaxPool", 1, c -> c.x(0).amax(spatial(c.x(0)), true));
        r.same("GlobalLpPool", 1, c -> c.x(0).norm(power(c), spatial(c.x(0)), true));
    }

    private static int[] spatial(Tensor x) {
        if (x.rank() < 3) {
            throw new IllegalArgumentException("input " + x.shape() + ": expected [n, c, spatial...]");
        }
        return IntStream.range(2, x.rank()).toArray();
    }

    /// As a pooling by one window, so that equal channels give equal means: sums along axes may add up in another order
    /// in one row than in the next, and softmax of large numbers shows it.
    private static Tensor globalAverage(Call c) {
        Tensor x = c.x(0);
        int[] axes = spatial(x);
        Shape window = x.shape().slice(2, x.rank());
        if (x.elements() == 0 || axes.length > 3 || window.elements() > Integer.MAX_VALUE) {
            return x.mean(axes, true);
        }
        return Dispatcher.run(new AvgPool(WindowSettings.ints(window.toArray()),
                WindowGeometry.of(axes.length, 1, 0, 1), false, false, OptionalLong.empty()), x);
    }

    private static double power(Call c) {
        return c.attributes().values().get("p") instanceof Double d ? d : c.attr("p", 2L);
    }

    private static WindowSettings settings(Call c) {
        long[] kernel = c.integers("kernel_shape");
        if (kernel == null) {
            throw new IllegalArgumentException("kernel_shape is missing");
        }
        return WindowSettings.of(c, kernel);
    }

    private static int[] positions(WindowSettings s) {
        return IntStream.range(2 + s.axes(), 2 + 2 * s.axes()).toArray();
    }

    private static Tensor average(Call c) {
        Tensor x = c.x(0);
        WindowSettings s = settings(c);
        boolean counted = c.flag("count_include_pad", false);
        if (s.common()) {
            return Dispatcher.run(new AvgPool(WindowSettings.ints(s.kernel()), s.geometry(), s.ceil(), counted,
                    OptionalLong.empty()), x);
        }
        Tensor zero = c.full(Shape.SCALAR, 0, x.dtype());
        Tensor sums = s.unfold(x, zero).sum(positions(s), false);
        // How many positions of each window count: those within the image or, if so, within its padding.
        Shape image = x.shape().with(0, 1).with(1, 1);
        Tensor ones = c.full(image, 1, x.dtype());
        if (counted) {
            long[] low = new long[x.rank()];
            long[] high = new long[x.rank()];
            System.arraycopy(s.low(), 0, low, 2, s.axes());
            System.arraycopy(s.high(), 0, high, 2, s.axes());
            ones = Arrangements.constantPad(ones, low, high, c.full(Shape.SCALAR, 1, x.dtype()));
            WindowSettings inner = new WindowSettings(s.kernel(), s.strides(), s.dilations(), new long[s.axes()],
                    new long[s.axes()], s.ceil());
            return sums.div(counts(inner, ones, zero, sums));
        }
        return sums.div(counts(s, ones, zero, sums));
    }

    private static Tensor counts(WindowSettings s, Tensor ones, Tensor zero, Tensor sums) {
        Tensor n = s.unfold(ones, zero).sum(positions(s), false);
        // Without padding of its own a last window that begins in the padding is one more.
        for (int i = 2; i < n.rank(); i++) {
            n = n.narrow(i, 0, sums.size(i));
        }
        return n;
    }

    private static List<OnnxValue> max(Call c) {
        Tensor x = c.x(0);
        WindowSettings s = settings(c);
        Tensor values;
        Tensor at;
        if (s.common() || commonButDilated(s)) {
            List<Tensor> out = Dispatcher.apply(
                    new MaxPool(WindowSettings.ints(s.kernel()), s.geometry(), s.ceil()), List.of(x));
            values = out.get(0);
            at = out.get(1);
        } else {
            double least = x.dtype().isFloating() ? Double.NEGATIVE_INFINITY : c.type(0).minValue();
            Tensor windows = flat(s.unfold(x, c.full(Shape.SCALAR, least, x.dtype())), s);
            Shape image = x.shape().with(0, 1).with(1, 1);
            Tensor plane = Tensors.arange(0, image.elements(), 1, DType.I64, c.device()).reshape(image);
            Tensor places = flat(s.unfold(plane, c.full(Shape.SCALAR, 0, DType.I64)), s);
            Tensor best = windows.argmax(-1, true);
            values = windows.gather(windows.rank() - 1, best).squeeze(-1);
            at = places.expand(windows.shape()).gather(windows.rank() - 1, best).squeeze(-1);
        }
        return c.wants(1) ? List.of(c.like(0, values), OnnxValue.of(indices(c, at, x.shape())))
                : List.of(c.like(0, values));
    }

    private static boolean commonButDilated(WindowSettings s) {
        long[] ones = new long[s.axes()];
        Arrays.fill(ones, 1);
        return new WindowSettings(s.kernel(), s.strides(), ones, s.low(), s.high(), s.ceil()).common();
    }

    private static Tensor flat(Tensor windows, WindowSettings s) {
        return windows.flatten(2 + s.axes(), windows.rank() - 1);
    }

    /// Positions within a plane made such within the whole tensor, perhaps counted column by column.
    private static Tensor indices(Call c, Tensor at, Shape input) {
        Tensor p = at;
        if (c.attr("storage_order", 0) == 1) {
            Tensor rest = at;
            long pitch = 1;
            long[] pitches = new long[input.rank()];
            for (int i = 2; i < input.rank(); i++) {
                pitches[i] = pitch;
                pitch *= input.dim(i);
            }
            p = Tensors.zerosLike(at);
            for (int i = input.rank() - 1; i >= 2; i--) {
                p = p.add(rest.remainder(input.dim(i)).mul(pitches[i]));
                rest = rest.floorDivide(input.dim(i));
            }
        }
        long[] dims = new long[input.rank()];
        Arrays.fill(dims, 1);
        dims[0] = input.dim(0);
        dims[1] = input.dim(1);
        long plane = input.slice(2, input.rank()).elements();
        return p.add(Tensors.arange(0, dims[0] * dims[1], 1, DType.I64, c.device()).mul(plane).reshape(dims));
    }

    private static Tensor norm(Call c) {
        WindowSettings s = settings(c);
        double p = power(c);
        Tensor x = c.x(0);
        return s.unfold(x, c.full(Shape.SCALAR, 0, x.dtype())).abs().pow(p).sum(positions(s), false).pow(1 / p);
    }

    private static Tensor unpool(Call c) {
        Tensor x = c.x(0);
        WindowSettings s = settings(c);
        Shape out = x.shape();
        for (int i = 0; i < s.axes(); i++) {
            long n = (x.size(i + 2) - 1) * s.strides()[i] + s.kernel()[i] - s.low()[i] - s.high()[i];
            out = out.with(i + 2, n);
        }
        Tensor y = c.full(Shape.of(out.elements()), 0, x.dtype())
                .scatter(0, c.x(1).reshape(-1), x.reshape(-1)).reshape(out);
        if (!c.has(2)) {
            return y;
        }
        long[] wanted = c.longs(2);
        long[] after = new long[wanted.length];
        for (int i = 0; i < wanted.length; i++) {
            after[i] = wanted[i] - out.dim(i);
        }
        return Arrangements.constantPad(y, new long[wanted.length], after, c.full(Shape.SCALAR, 0, x.dtype()));
    }
}
