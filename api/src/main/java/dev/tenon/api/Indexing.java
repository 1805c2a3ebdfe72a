package dev.tenon.api;

import dev.tenon.api.op.ViewOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The workings of NumPy's indexing: first the parts that are views, then, if there are tensors among the parts, one
/// gather along the indexed axes merged into one.
final class Indexing {
    /// Beyond the end of any axis, and far from overflow when positions are combined.
    private static final double OUT_OF_RANGE = 0x1p50;

    private Indexing() {}

    /// A view, and for each of its axes the positions that are still to be picked along it, or null.
    private record Basic(Tensor view, List<@Nullable Tensor> positions) {
        boolean isView() {
            return positions.stream().allMatch(p -> p == null);
        }
    }

    static Tensor get(Tensor x, Index... parts) {
        Basic b = basic(x, parts);
        return b.isView() ? b.view : picked(b);
    }

    static void set(Tensor x, Tensor value, Index... parts) {
        Basic b = basic(x, parts);
        if (b.isView()) {
            b.view.copy_(value);
            return;
        }
        x.copy_(put(x, value, false, parts));
    }

    /// A copy of x with the indexed elements replaced by, or increased by, a value.
    static Tensor put(Tensor x, Tensor value, boolean add, Index... parts) {
        Tensor numbers = Tensors.arange(0, x.elements(), 1, DType.I64, x.device()).reshape(x.shape());
        Tensor where = get(numbers, parts);
        Tensor v = value.to(x.dtype()).expand(where.shape()).reshape(-1);
        Tensor flat = x.reshape(-1);
        Tensor index = where.reshape(-1);
        return (add ? flat.scatterAdd(0, index, v) : flat.scatter(0, index, v)).reshape(x.shape());
    }

    private static Basic basic(Tensor x, Index... parts) {
        int used = Arrays.stream(parts).mapToInt(Indexing::axesOf).sum();
        long dots = Arrays.stream(parts).filter(p -> p instanceof Index.Ellipsis).count();
        if (used > x.rank() || dots > 1) {
            throw new TensorException("index: " + Arrays.toString(parts) + " for shape " + x.shape()
                    + ": too many parts, or more than one ellipsis");
        }
        Tensor v = x;
        List<@Nullable Tensor> positions = new ArrayList<>();
        int axis = 0;
        for (Index part : parts) {
            switch (part) {
                case Index.At(long i) -> v = v.select(axis, i);
                case Index.Range r -> {
                    v = range(v, axis++, r);
                    positions.add(null);
                }
                case Index.NewAxis _ -> {
                    v = v.unsqueeze(axis++);
                    positions.add(null);
                }
                case Index.Ellipsis _ -> {
                    for (int i = 0; i < x.rank() - used; i++) {
                        positions.add(null);
                        axis++;
                    }
                }
                case Index.Positions(Tensor t) when t.dtype() == DType.BOOL -> {
                    Shape masked = v.shape().slice(axis, axis + t.rank());
                    if (!masked.equals(t.shape())) {
                        throw new TensorException("index: mask " + t.shape() + " for axes of shape " + masked
                                + " in " + x.shape());
                    }
                    if (t.rank() == 0) {
                        v = v.unsqueeze(axis++);
                        positions.add(t.reshape(1).nonzero().select(1, 0));
                    } else {
                        for (Tensor column : t.nonzero().unbind(1)) {
                            positions.add(column);
                            axis++;
                        }
                    }
                }
                case Index.Positions(Tensor t) -> {
                    if (!t.dtype().isIntegral()) {
                        throw new TensorException("index: positions of dtype " + t.dtype()
                                + ": expected i64, i32 or a bool mask");
                    }
                    positions.add(t.to(DType.I64));
                    axis++;
                }
            }
        }
        while (positions.size() < v.rank()) {
            positions.add(null);
        }
        return new Basic(v, positions);
    }

    private static int axesOf(Index part) {
        return switch (part) {
            case Index.NewAxis _, Index.Ellipsis _ -> 0;
            case Index.Positions(Tensor t) when t.dtype() == DType.BOOL -> t.rank();
            default -> 1;
        };
    }

    private static Tensor range(Tensor v, int axis, Index.Range r) {
        long n = v.size(axis);
        long step = r.step();
        if (step == 0) {
            throw new TensorException("index: a range with step 0 for axis " + axis + " of " + v.shape());
        }
        long low = step > 0 ? 0 : -1;
        long high = step > 0 ? n : n - 1;
        long start = r.start() == null ? (step > 0 ? 0 : n - 1) : bound(r.start(), n, low, high);
        long stop = r.stop() == null ? (step > 0 ? n : -1) : bound(r.stop(), n, low, high);
        long length = step > 0 ? Math.max(0, (stop - start + step - 1) / step)
                : Math.max(0, (start - stop - step - 1) / -step);
        if (length == n && step == 1) {
            return v;
        }
        return Dispatcher.run(new ViewOp.Slice(axis, length == 0 ? 0 : start, length, step), v);
    }

    private static long bound(long i, long n, long low, long high) {
        return Math.clamp(i < 0 ? i + n : i, low, high);
    }

    private static Tensor picked(Basic b) {
        Tensor v = b.view;
        List<Integer> indexed = new ArrayList<>();
        List<Integer> others = new ArrayList<>();
        for (int i = 0; i < v.rank(); i++) {
            (b.positions.get(i) != null ? indexed : others).add(i);
        }
        int first = indexed.getFirst();
        boolean adjacent = indexed.getLast() - first == indexed.size() - 1;
        // NumPy: the picked axes stay where they were if they are neighbours, otherwise they come first.
        int at = adjacent ? first : 0;
        List<Integer> order = new ArrayList<>(others);
        order.addAll(at, indexed);
        Tensor t = v.permute(order.stream().mapToInt(Integer::intValue).toArray());
        Shape pick = Shape.SCALAR;
        for (int i : indexed) {
            pick = Shape.broadcast("index", pick, position(b, i).shape());
        }
        Tensor linear = null;
        for (int i : indexed) {
            Tensor p = wrapped(position(b, i), v.size(i), i, v.shape());
            linear = linear == null ? p : linear.mul(v.size(i)).add(p);
        }
        Shape s = t.shape();
        int end = at + indexed.size();
        Tensor merged = t.reshape(s.slice(0, at)
                .concat(Shape.of(s.slice(at, end).elements()))
                .concat(s.slice(end, s.rank())));
        Tensor flat = linear == null ? Tensors.of(new long[0]) : linear.expand(pick).reshape(-1);
        Tensor rows = merged.indexSelect(at, flat);
        return rows.reshape(s.slice(0, at).concat(pick).concat(s.slice(end, s.rank())));
    }

    private static Tensor position(Basic b, int axis) {
        Tensor t = b.positions.get(axis);
        if (t == null) {
            throw new IllegalStateException("axis " + axis + " is not indexed");
        }
        return t;
    }

    /// Negative positions count from the end; the range is checked here because merged axes would hide a wrong one.
    private static Tensor wrapped(Tensor p, long n, int axis, Shape shape) {
        if (Context.isRecording()) {
            // The values are not known yet: a wrong position is sent so far out that the gather will refuse it.
            Tensor wrong = p.lt(-n).logicalOr(p.ge(n));
            Tensor at = p.add(n).where(p.lt(0L), p);
            return Tensors.full(Shape.SCALAR, OUT_OF_RANGE, DType.I64, p.device()).where(wrong, at);
        }
        if (p.elements() > 0) {
            long low = p.min().itemLong();
            long high = p.max().itemLong();
            if (low < -n || high >= n) {
                throw new TensorException("index: position " + (low < -n ? low : high) + " along axis " + axis
                        + " of " + shape
                        + ": expected " + -n + " to " + (n - 1));
            }
            if (low >= 0) {
                return p;
            }
        }
        return p.add(n).where(p.lt(0L), p);
    }
}
