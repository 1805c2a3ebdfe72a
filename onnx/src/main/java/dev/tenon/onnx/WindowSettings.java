package dev.tenon.onnx;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.WindowGeometry;
import java.util.Arrays;
import java.util.List;

/// How the windows of a convolution or pooling slide, as attributes say it.
///
/// @param kernel positions in a window, for each spatial axis
/// @param low padding before, may be negative
/// @param high padding after, may be negative
/// @param ceil whether a last window may reach over the end
record WindowSettings(long[] kernel, long[] strides, long[] dilations, long[] low, long[] high, boolean ceil) {

    /// Reads the attributes of a node whose first input is `[n, c, spatial...]`.
    static WindowSettings of(Call c, long[] kernel) {
        int s = kernel.length;
        Shape x = c.value(0).shape();
        if (x.rank() != s + 2) {
            throw new IllegalArgumentException("input " + x + " for windows " + Arrays.toString(kernel)
                    + ": expected [n, c, spatial...] with " + s + " spatial axes");
        }
        long[] strides = each(c, "strides", s, 1);
        long[] dilations = each(c, "dilations", s, 1);
        long[] pads = each(c, "pads", 2 * s, 0);
        String auto = c.attr("auto_pad", "NOTSET");
        boolean upper = auto.equals("SAME_UPPER");
        for (int i = 0; i < s; i++) {
            if (strides[i] < 1 || dilations[i] < 1 || kernel[i] < 1 || kernel[i] > Integer.MAX_VALUE
                    || strides[i] > Integer.MAX_VALUE || dilations[i] > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("kernel " + Arrays.toString(kernel) + ", strides "
                        + Arrays.toString(strides) + ", dilations " + Arrays.toString(dilations)
                        + ": expected numbers of at least 1");
            }
            if (upper || auto.equals("SAME_LOWER")) {
                long n = x.dim(i + 2);
                long total = Math.max(0, (Math.ceilDiv(n, strides[i]) - 1) * strides[i]
                        + dilations[i] * (kernel[i] - 1) + 1 - n);
                pads[i] = upper ? total / 2 : total - total / 2;
                pads[i + s] = total - pads[i];
            } else if (auto.equals("VALID")) {
                pads[i] = 0;
                pads[i + s] = 0;
            }
        }
        return new WindowSettings(kernel, strides, dilations, Arrays.copyOf(pads, s),
                Arrays.copyOfRange(pads, s, 2 * s), c.flag("ceil_mode", false));
    }

    static long[] each(Call c, String name, int n, long otherwise) {
        long[] all = new long[n];
        Arrays.fill(all, otherwise);
        long[] given = c.integers(name, all);
        if (given.length != n) {
            throw new IllegalArgumentException(name + " " + Arrays.toString(given) + ": expected " + n + " numbers");
        }
        return given.clone();
    }

    static List<Integer> ints(long[] v) {
        return Arrays.stream(v).mapToObj(Math::toIntExact).toList();
    }

    WindowGeometry geometry() {
        return new WindowGeometry(ints(strides), ints(low), ints(high), ints(dilations));
    }

    /// Whether Tenon's own pooling ops take these windows.
    boolean common() {
        for (int i = 0; i < kernel.length; i++) {
            if (low[i] < 0 || high[i] < 0 || 2 * low[i] > kernel[i] || dilations[i] != 1) {
                return false;
            }
        }
        return true;
    }

    int axes() {
        return kernel.length;
    }

    /// The number of windows along spatial axis `i` of extent `n`.
    long windows(int i, long n) {
        return geometry().windows("window", i, n, kernel[i], ceil);
    }

    /// The operand padded with a value and seen as windows, `[n, c, windows..., positions...]`.
    Tensor unfold(Tensor x, Tensor padding) {
        long[] before = new long[x.rank()];
        long[] after = new long[x.rank()];
        for (int i = 0; i < axes(); i++) {
            long n = windows(i, x.size(i + 2));
            long needed = (n - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1;
            before[i + 2] = low[i];
            after[i + 2] = needed - x.size(i + 2) - low[i];
        }
        Tensor t = Arrangements.constantPad(x, before, after, padding);
        for (int i = 0; i < axes(); i++) {
            t = Dispatcher.run(new ViewOp.Window(i + 2, (int) kernel[i], (int) strides[i], (int) dilations[i]), t);
        }
        return t;
    }
}
