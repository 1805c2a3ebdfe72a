package dev.tenon.api;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Finds the distinct elements, or slices along an axis, on the host; the values are then picked on the device.
final class Uniques {
    private Uniques() {}

    static StatisticsOps.Unique of(Tensor x, @Nullable Integer axis, boolean consecutive) {
        Tensor slices = axis == null ? x.reshape(-1) : x.movedim(axis, 0);
        int n = (int) slices.size(0);
        int width = n == 0 ? 0 : (int) (slices.elements() / n);
        Comparator<Integer> order = order(slices.detach(), width);
        List<Integer> all = new ArrayList<>(IntStream.range(0, n).boxed().toList());
        if (!consecutive) {
            all.sort(order);
        }
        List<Integer> first = new ArrayList<>();
        List<Long> counts = new ArrayList<>();
        long[] inverse = new long[n];
        for (int i = 0; i < n; i++) {
            if (i == 0 || order.compare(all.get(i - 1), all.get(i)) != 0) {
                first.add(all.get(i));
                counts.add(0L);
            }
            int last = counts.size() - 1;
            counts.set(last, counts.get(last) + 1);
            inverse[all.get(i)] = last;
        }
        Device d = x.device();
        Tensor picked = slices.indexSelect(0, vector(first.stream().mapToLong(Integer::longValue).toArray(), d));
        Tensor which = vector(inverse, d);
        return new StatisticsOps.Unique(axis == null ? picked : picked.movedim(0, axis).contiguous(),
                axis == null ? which.reshape(x.shape()) : which,
                vector(counts.stream().mapToLong(Long::longValue).toArray(), d));
    }

    private static Tensor vector(long[] values, Device device) {
        return Tensors.of(values, Shape.of(values.length), device);
    }

    /// Compares slices element by element; NaN differs even from itself.
    private static Comparator<Integer> order(Tensor slices, int width) {
        if (slices.dtype().isFloating()) {
            double[] v = slices.toDoubleArray();
            return (a, b) -> {
                for (int i = 0; i < width; i++) {
                    double p = v[a * width + i];
                    double q = v[b * width + i];
                    if (p != q) {
                        int byNaN = Boolean.compare(Double.isNaN(p), Double.isNaN(q));
                        return byNaN != 0 ? byNaN : Double.isNaN(p) ? Integer.compare(a, b) : p < q ? -1 : 1;
                    }
                }
                return 0;
            };
        }
        long[] v = slices.toLongArray();
        return (a, b) -> {
            int c = 0;
            for (int i = 0; i < width && c == 0; i++) {
                c = Long.compare(v[a * width + i], v[b * width + i]);
            }
            return c;
        };
    }
}
