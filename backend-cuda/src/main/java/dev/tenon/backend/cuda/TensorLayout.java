package dev.tenon.backend.cuda;

import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// How a tensor lies in memory, strides counted in elements.
record TensorLayout(List<Long> dims, List<Long> strides) {
    /// The layout of an image `[n, c, spatial...]`, with axes of extent 1 where there are fewer than two spatial ones;
    /// empty if elements are neither contiguous nor have their channels last. What the strides of axes of extent 1 are
    /// is made up, for the library tells layouts by them.
    static Optional<TensorLayout> image(TensorType t) {
        List<Long> dims = new ArrayList<>();
        List<Long> strides = new ArrayList<>();
        for (int i = 0; i < t.rank(); i++) {
            if (i == 2 && t.rank() == 3) {
                dims.add(1L);
                strides.add(0L);
            }
            dims.add(t.shape().dim(i));
            strides.add(t.stride(i));
        }
        while (dims.size() < 4) {
            dims.add(1L);
            strides.add(0L);
        }
        TensorLayout rows = rows(dims);
        TensorLayout channelsLast = channelsLast(dims);
        return rows.holds(strides) ? Optional.of(rows)
                : channelsLast.holds(strides) ? Optional.of(channelsLast) : Optional.empty();
    }

    /// Without gaps, the last axis stepping fastest.
    static TensorLayout rows(List<Long> dims) {
        return packed(dims, order(dims.size()));
    }

    /// The same for extents one by one.
    static TensorLayout rows(long... dims) {
        return rows(Arrays.stream(dims).boxed().toList());
    }

    /// Without gaps, in the order batch, spatial axes, channels.
    static TensorLayout channelsLast(List<Long> dims) {
        List<Integer> order = order(dims.size());
        order.add(order.remove(1));
        return packed(dims, order);
    }

    private static List<Integer> order(int rank) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            order.add(i);
        }
        return order;
    }

    /// Without gaps, the last axis of the order stepping fastest.
    private static TensorLayout packed(List<Long> dims, List<Integer> order) {
        Long[] strides = new Long[dims.size()];
        long step = 1;
        for (int i = order.size() - 1; i >= 0; i--) {
            strides[order.get(i)] = step;
            step *= dims.get(order.get(i));
        }
        return new TensorLayout(List.copyOf(dims), List.of(strides));
    }

    private boolean holds(List<Long> others) {
        for (int i = 0; i < dims.size(); i++) {
            if (dims.get(i) != 1 && !strides.get(i).equals(others.get(i))) {
                return false;
            }
        }
        return true;
    }

    /// How one number for each channel of an image lies: as the image has its channels, where they are last.
    TensorLayout perChannel() {
        List<Long> one = new ArrayList<>();
        for (int i = 0; i < dims.size(); i++) {
            one.add(i == 1 ? dims.get(1) : 1L);
        }
        return equals(rows(dims)) ? rows(one) : channelsLast(one);
    }

    /// The same memory with the last two axes exchanged.
    TensorLayout transposed() {
        return new TensorLayout(swapped(dims), swapped(strides));
    }

    private static List<Long> swapped(List<Long> values) {
        List<Long> all = new ArrayList<>(values);
        all.addLast(all.remove(all.size() - 2));
        return List.copyOf(all);
    }

    long elements() {
        return dims.stream().reduce(1L, Math::multiplyExact);
    }
}
