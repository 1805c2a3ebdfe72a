package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Reductions, cumulative sums, largest elements.
final class Reductions {
    private Reductions() {}

    /// What a reduction does along axes, which stay.
    @FunctionalInterface
    private interface Reduction {
        Tensor apply(Tensor x, int[] axes, OnnxType type);
    }

    static void register(Operators r) {
        reduce(r, "ReduceSum", 13, (x, axes, _) -> sum(x, axes));
        reduce(r, "ReduceMean", 18, (x, axes, _) -> x.dtype().isFloating() ? x.mean(axes, true)
                : sum(x, axes).truncDivide(Tensors.number(count(x, axes), x)));
        reduce(r, "ReduceProd", 18, Reductions::prod);
        reduce(r, "ReduceMax", 18, (x, axes, type) -> extreme(x, axes, type, true));
        reduce(r, "ReduceMin", 18, (x, axes, type) -> extreme(x, axes, type, false));
        reduce(r, "ReduceL1", 18, (x, axes, _) -> x.dtype().isFloating() ? x.norm(1, axes, true) : sum(x.abs(), axes));
        reduce(r, "ReduceL2", 18, (x, axes, _) -> sum(x.square(), axes).to(floating(x)).sqrt());
        reduce(r, "ReduceSumSquare", 18, (x, axes, _) -> sum(x.square(), axes));
        reduce(r, "ReduceLogSum", 18, (x, axes, _) -> sum(x, axes).to(floating(x)).log());
        reduce(r, "ReduceLogSumExp", 18, (x, axes, _) -> x.elements() == 0 ? sum(x, axes).to(floating(x)).log()
                : x.to(floating(x)).logsumexp(axes, true));
        r.plain("ArgMax", 1, c -> arg(c, true));
        r.plain("ArgMin", 1, c -> arg(c, false));
        r.same("CumSum", 11, c -> cumulative(c, 0));
        r.same("CumProd", 26, c -> cumulative(c, 1));
        r.add("TopK", 1, Reductions::topK);
        r.same("LpNormalization", 1, Reductions::lpNormalization);
    }

    /// Integers go through the widest floating-point type.
    private static DType floating(Tensor x) {
        return x.dtype().isFloating() ? x.dtype() : DType.F64;
    }

    private static Tensor sum(Tensor x, int[] axes) {
        return x.sum(axes, true, x.dtype());
    }

    private static long count(Tensor x, int[] axes) {
        return Arrays.stream(axes).mapToLong(x::size).reduce(1, (a, b) -> a * b);
    }

    private static Tensor prod(Tensor x, int[] axes, OnnxType type) {
        List<Integer> all = Arrays.stream(axes).sorted().boxed().toList();
        return Dispatcher.run(new ReduceOp(Reducer.PROD, all, true, Lambda.identity(x.dtype()), Scalars.NONE), x);
    }

    /// Of nothing, the least or greatest number of the type.
    private static Tensor extreme(Tensor x, int[] axes, OnnxType type, boolean max) {
        if (axes.length == 0) {
            return x;
        }
        if (count(x, axes) == 0) {
            Shape s = x.shape();
            for (int a : axes) {
                s = s.with(a, 1);
            }
            double infinite = max ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            double value = type.isFloating() ? infinite : type == OnnxType.BOOL ? max ? 0 : 1
                    : max ? type.minValue() : type.maxValue();
            return Tensors.full(s, value, x.dtype(), x.device());
        }
        boolean flip = type == OnnxType.UINT64;
        Tensor t = x.dtype() == DType.BOOL ? x.to(DType.U8) : flip ? Unsigned.flipped(x) : x;
        Tensor m = max ? t.amax(axes, true) : t.amin(axes, true);
        return flip ? Unsigned.flipped(m) : m;
    }

    /// @param axesAreInput the version since which axes are an input
    private static void reduce(Operators r, String name, int axesAreInput, Reduction f) {
        r.same(name, 1, c -> {
            Tensor x = c.x(0);
            long[] given = c.since(axesAreInput) ? c.has(1) ? c.longs(1) : new long[0]
                    : c.integers("axes", new long[0]);
            if (given.length == 0 && c.flag("noop_with_empty_axes", false)) {
                // Nothing is reduced, but each element is mapped as one that is reduced alone.
                return x.rank() == 0 ? f.apply(x.reshape(1), new int[] {0}, c.type(0)).reshape(Shape.SCALAR)
                        : f.apply(x.unsqueeze(x.rank()), new int[] {x.rank()}, c.type(0)).squeeze(x.rank());
            }
            int[] axes = given.length == 0 ? IntStream.range(0, x.rank()).toArray()
                    : Arrays.stream(given).mapToInt(a -> Call.axis(a, x.rank())).sorted().distinct().toArray();
            if (x.rank() == 0) {
                return f.apply(x.reshape(1), new int[] {0}, c.type(0)).reshape(Shape.SCALAR);
            }
            Tensor y = f.apply(x, axes, c.type(0));
            if (c.flag("keepdims", true)) {
                return y;
            }
            long[] dims = IntStream.range(0, x.rank()).filter(i -> Arrays.binarySearch(axes, i) < 0)
                    .mapToLong(x::size).toArray();
            return y.reshape(Shape.of(dims));
        });
    }

    private static Tensor arg(Call c, boolean max) {
        Tensor x = c.type(0) == OnnxType.UINT64 ? Unsigned.flipped(c.x(0)) : c.x(0);
        int axis = c.axis("axis", 0, x.rank());
        boolean keep = c.flag("keepdims", true);
        if (!c.flag("select_last_index", false)) {
            return max ? x.argmax(axis, keep) : x.argmin(axis, keep);
        }
        Tensor back = x.flip(axis);
        Tensor at = max ? back.argmax(axis, keep) : back.argmin(axis, keep);
        return at.neg().add(x.size(axis) - 1);
    }

    /// @param neutral what an exclusive scan begins with
    private static Tensor cumulative(Call c, int neutral) {
        Tensor x = c.x(0);
        int axis = Call.axis(c.integer(1), x.rank());
        boolean reverse = c.flag("reverse", false);
        Tensor t = reverse ? x.flip(axis) : x;
        if (c.flag("exclusive", false) && x.size(axis) > 0) {
            Tensor first = Tensors.full(x.shape().with(axis, 1), neutral, x.dtype(), x.device());
            t = Tensors.cat(axis, first, t.narrow(axis, 0, x.size(axis) - 1));
        }
        Tensor y = neutral == 0 ? t.cumsum(axis) : t.cumprod(axis);
        return reverse ? y.flip(axis) : y;
    }

    private static List<OnnxValue> topK(Call c) {
        Tensor x = c.x(0);
        long k = c.since(10) ? c.integer(1) : c.attr("k", 0);
        int axis = c.axis("axis", -1, x.rank());
        if (k < 0 || k > x.size(axis)) {
            throw new IllegalArgumentException("k = " + k + " of " + x.size(axis) + " elements along axis " + axis);
        }
        boolean flip = c.type(0) == OnnxType.UINT64;
        Tensor t = flip ? Unsigned.flipped(x) : x;
        var top = t.topk((int) k, axis, c.flag("largest", true));
        return List.of(c.like(0, flip ? Unsigned.flipped(top.values()) : top.values()), OnnxValue.of(top.indices()));
    }

    private static Tensor lpNormalization(Call c) {
        Tensor x = c.x(0);
        int[] axis = {c.axis("axis", -1, x.rank())};
        Tensor norm = x.norm(c.attr("p", 2L), axis, true);
        return Tensors.zerosLike(x).where(norm.eq(0), x.div(norm));
    }
}
