package dev.tenon.nn.functional;

import dev.tenon.api.ReductionOps.ValuesAndIndices;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.List;
import java.util.stream.IntStream;

/// Maximum pooling to a given size, and its reversal.
public final class AdaptivePools {
    private AdaptivePools() {}

    /// The largest elements of as many windows as are asked for, and their row-major positions within their channel's
    /// plane: window i of o covers elements ⌊i n / o⌋ to ⌈(i + 1) n / o⌉ of n along an axis.
    ///
    /// @param axes the number of spatial axes
    /// @param x `[n, c, spatial...]`, or the same without n
    /// @param size extents of the result: one number for all spatial axes or one for each; -1 keeps the extent
    public static ValuesAndIndices adaptiveMaxPool(int axes, Tensor x, List<Integer> size) {
        String name = "adaptive_max_pool" + axes + "d";
        List<Integer> given = Windows.each(name, "size", size, axes);
        if (x.rank() != axes + 1 && x.rank() != axes + 2) {
            throw new TensorException(name + ": input " + x.shape() + ": expected [n, c, " + axes
                    + " spatial axes], or the same without n");
        }
        Shape leading = x.shape().slice(0, x.rank() - axes);
        Shape plane = x.shape().slice(x.rank() - axes, x.rank());
        int[] out = new int[axes];
        for (int i = 0; i < axes; i++) {
            out[i] = given.get(i) == -1 ? (int) plane.dim(i) : given.get(i);
            if (out[i] < 0 || plane.dim(i) == 0) {
                throw new TensorException(name + ": input " + x.shape() + ", size " + size
                        + ": expected elements along each spatial axis, and no negative size but -1");
            }
        }
        long[][] windows = windows(plane, out);
        int places = windows.length;
        int longest = places == 0 ? 1 : windows[0].length;
        long[] flat = new long[places * longest];
        for (int i = 0; i < places; i++) {
            System.arraycopy(windows[i], 0, flat, i * longest, longest);
        }
        Tensor table = Tensors.of(flat, Shape.of(places, longest), x.device());
        Tensor rows = x.reshape(Shape.of(leading.elements(), plane.elements()));
        Tensor elements = rows.indexSelect(1, table.reshape(-1))
                .reshape(Shape.of(leading.elements(), places, longest));
        Tensor at = elements.detach().argmax(2, true);
        Shape result = leading.concat(Shape.of(IntStream.of(out).asLongStream().toArray()));
        Tensor index = table.unsqueeze(0).expand(elements.shape()).gather(2, at);
        return new ValuesAndIndices(elements.gather(2, at).reshape(result), index.reshape(result));
    }

    /// For each window the positions of its elements; shorter windows repeat their first, which changes no maximum and,
    /// coming later, no position.
    private static long[][] windows(Shape plane, int[] out) {
        long[][] all = {{0}};
        for (int i = 0; i < out.length; i++) {
            long n = plane.dim(i);
            int longest = 0;
            for (int k = 0; k < out[i]; k++) {
                longest = (int) Math.max(longest, end(k, n, out[i]) - k * n / out[i]);
            }
            long[][] next = new long[all.length * out[i]][];
            for (int w = 0; w < all.length; w++) {
                for (int k = 0; k < out[i]; k++) {
                    long from = k * n / out[i];
                    long[] positions = new long[all[w].length * longest];
                    for (int p = 0; p < all[w].length; p++) {
                        for (int j = 0; j < longest; j++) {
                            long along = from + j < end(k, n, out[i]) ? from + j : from;
                            positions[p * longest + j] = all[w][p] * n + along;
                        }
                    }
                    next[w * out[i] + k] = positions;
                }
            }
            all = next;
        }
        return all;
    }

    private static long end(int window, long n, int windows) {
        return ((window + 1) * n + windows - 1) / windows;
    }

    /// The elements of a maximum pooling put back to their positions, zeros elsewhere.
    ///
    /// @param x `[n, c, windows...]`, or the same without n
    /// @param index positions as [Pools#maxPoolWithIndices] gives them
    /// @param output the spatial extents of the result
    public static Tensor maxUnpool(Tensor x, Tensor index, Shape output) {
        int axes = output.rank();
        Shape leading = x.shape().slice(0, x.rank() - axes);
        if (!x.shape().equals(index.shape())) {
            throw new TensorException("max_unpool: input " + x.shape() + ", index " + index.shape()
                    + ": expected one shape");
        }
        long rows = leading.elements();
        Tensor flat = Tensors.zeros(Shape.of(rows, output.elements()), x.dtype(), x.device());
        Tensor values = x.reshape(Shape.of(rows, x.elements() / Math.max(1, rows)));
        return flat.scatter(1, index.reshape(values.shape()), values).reshape(leading.concat(output));
    }
}
