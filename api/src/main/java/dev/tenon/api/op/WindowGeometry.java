package dev.tenon.api.op;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// How windows slide over the spatial axes of a convolution or pooling; one number for each spatial axis.
///
/// @param stride distance from one window to the next, at least 1
/// @param padLow elements added before
/// @param padHigh elements added after
/// @param dilation distance from one position in a window to the next, at least 1
public record WindowGeometry(List<Integer> stride, List<Integer> padLow, List<Integer> padHigh,
        List<Integer> dilation) {
    /// Copies and checks the lists.
    public WindowGeometry {
        stride = List.copyOf(stride);
        padLow = List.copyOf(padLow);
        padHigh = List.copyOf(padHigh);
        dilation = List.copyOf(dilation);
        int n = stride.size();
        boolean sizes = padLow.size() == n && padHigh.size() == n && dilation.size() == n;
        if (!sizes || stride.stream().anyMatch(s -> s < 1) || dilation.stream().anyMatch(d -> d < 1)) {
            throw new TensorException("window: stride " + stride + ", padding " + padLow + " and " + padHigh
                    + ", dilation " + dilation + ": expected one of each for each axis, both at least 1");
        }
    }

    /// The same numbers for each of `axes` spatial axes.
    public static WindowGeometry of(int axes, int stride, int padding, int dilation) {
        List<Integer> pad = Collections.nCopies(axes, padding);
        return new WindowGeometry(
                Collections.nCopies(axes, stride), pad, pad, Collections.nCopies(axes, dilation));
    }

    /// The number of spatial axes.
    public int axes() {
        return stride.size();
    }

    /// How many windows of `size` positions fit along spatial axis `axis` of `extent` elements. With `ceil` a last
    /// window
    /// may reach over the end, provided that it starts within the elements or the padding before them.
    ///
    /// @throws TensorException if not even one fits
    public long windows(String op, int axis, long extent, long size, boolean ceil) {
        long span = dilation.get(axis) * (size - 1) + 1;
        long padded = extent + padLow.get(axis) + padHigh.get(axis);
        if (size < 1 || span > padded + (ceil ? stride.get(axis) - 1 : 0)) {
            throw new TensorException(op + ": a window of " + size + " with dilation " + dilation.get(axis)
                    + " does not fit into " + extent + " elements with padding " + padLow.get(axis) + " and "
                    + padHigh.get(axis) + " along spatial axis " + axis);
        }
        int s = stride.get(axis);
        long n = (padded - span + (ceil ? s - 1 : 0)) / s + 1;
        return ceil && (n - 1) * s >= extent + padLow.get(axis) ? n - 1 : n;
    }

    /// The operand `[n, c, spatial...]` padded with a value and seen as windows, `[n, c, windows..., positions...]`.
    Tensor unfold(Tensor x, double padValue, Shape windows, List<Integer> size) {
        List<Long> low = new ArrayList<>(List.of(0L, 0L));
        List<Long> high = new ArrayList<>(List.of(0L, 0L));
        for (int i = 0; i < axes(); i++) {
            long needed = (windows.dim(i) - 1) * stride.get(i) + (long) dilation.get(i) * (size.get(i) - 1) + 1;
            low.add((long) padLow.get(i));
            // A window of a ceiling-mode pooling reaches further than the padding, the last of others perhaps less far.
            high.add(Math.max(padHigh.get(i), needed - x.size(i + 2) - padLow.get(i)));
        }
        boolean none = low.stream().allMatch(w -> w == 0) && high.stream().allMatch(w -> w == 0);
        Tensor t = none ? x : Dispatcher.run(new Pad(low, high, padValue), x);
        for (int i = 0; i < axes(); i++) {
            t = Dispatcher.run(new ViewOp.Window(i + 2, size.get(i), stride.get(i), dilation.get(i)), t);
        }
        for (int i = 0; i < axes(); i++) {
            if (t.size(i + 2) > windows.dim(i)) {
                t = t.narrow(i + 2, 0, windows.dim(i));
            }
        }
        return t;
    }
}
