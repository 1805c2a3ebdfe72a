package dev.tenon.nn.functional;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Margins around tensors.
public final class Padding {
    private Padding() {}

    /// Adds a margin: `widths` holds before and after for the last axis, then for the one before it, and so on.
    ///
    /// @throws TensorException if there are more widths than axes, or a margin takes more elements than there are
    public static Tensor pad(Tensor x, PaddingMode mode, long... widths) {
        if (mode == PaddingMode.ZEROS) {
            return Tensors.pad(x, 0, widths);
        }
        if (widths.length % 2 != 0 || widths.length / 2 > x.rank()) {
            throw new TensorException("pad: widths " + Arrays.toString(widths) + " for shape " + x.shape()
                    + ": expected two for each of at most " + x.rank() + " axes");
        }
        Tensor t = x;
        for (int i = 0; i < widths.length / 2; i++) {
            int axis = x.rank() - 1 - i;
            t = alongAxis(t, mode, axis, Math.max(0, widths[2 * i]), Math.max(0, widths[2 * i + 1]));
            // A negative width cuts off.
            long from = Math.max(0, -widths[2 * i]);
            t = t.narrow(axis, from, t.size(axis) - from - Math.max(0, -widths[2 * i + 1]));
        }
        return t;
    }

    private static Tensor alongAxis(Tensor x, PaddingMode mode, int axis, long before, long after) {
        if (before == 0 && after == 0) {
            return x;
        }
        long n = x.size(axis);
        long most = mode == PaddingMode.REFLECT ? n - 1 : mode == PaddingMode.CIRCULAR ? n
                : n == 0 ? 0 : Long.MAX_VALUE;
        if (before > most || after > most) {
            throw new TensorException("pad: a " + mode + " margin of " + before + " and " + after + " along axis "
                    + axis + " of " + x.shape() + ": at most " + most + " is possible");
        }
        List<Tensor> parts = new ArrayList<>();
        if (before > 0) {
            parts.add(margin(x, mode, axis, before, true));
        }
        parts.add(x);
        if (after > 0) {
            parts.add(margin(x, mode, axis, after, false));
        }
        return Tensors.cat(axis, parts);
    }

    private static Tensor margin(Tensor x, PaddingMode mode, int axis, long width, boolean low) {
        long n = x.size(axis);
        return switch (mode) {
            case REFLECT -> x.narrow(axis, low ? 1 : n - 1 - width, width).flip(axis);
            case CIRCULAR -> x.narrow(axis, low ? n - width : 0, width);
            default -> {
                Shape wide = x.shape().with(axis, width);
                yield x.narrow(axis, low ? 0 : n - 1, 1).expand(wide);
            }
        };
    }
}
