package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.StatisticsOps.Unique;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.ScatterOp.Mode;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Picking and placing elements.
final class Indexing {
    private Indexing() {}

    static void register(Operators r) {
        r.same("Gather", 1, c -> gather(c.x(0), c.x(1), c.axis("axis", 0, c.x(0).rank())));
        r.same("GatherElements", 11, c -> {
            int axis = c.axis("axis", 0, c.x(0).rank());
            return c.x(0).gather(axis, wrapped(c.x(1), c.x(0).size(axis)));
        });
        r.same("GatherND", 11, Indexing::gatherND);
        r.same("Scatter", 9, Indexing::scatterElements);
        r.same("ScatterElements", 11, Indexing::scatterElements);
        r.same("ScatterND", 11, Indexing::scatterND);
        r.same("TensorScatter", 24, Indexing::tensorScatter);
        r.add("OneHot", 9, Indexing::oneHot);
        r.same("Compress", 9, c -> {
            Tensor picked = c.x(1).reshape(-1).nonzero().reshape(-1);
            boolean flat = !c.hasAttr("axis");
            Tensor x = flat ? c.x(0).reshape(-1) : c.x(0);
            return x.indexSelect(flat ? 0 : c.axis("axis", 0, x.rank()), picked);
        });
        r.plain("NonZero", 9, c -> {
            Tensor x = c.x(0).rank() == 0 ? c.x(0).reshape(1) : c.x(0);
            return x.nonzero().transpose(0, 1).contiguous();
        });
        r.add("Unique", 11, Indexing::unique);
    }

    /// Positions that count from the end made such that count from the beginning.
    static Tensor wrapped(Tensor index, long n) {
        return index.where(index.ge(0), index.add(n));
    }

    static Tensor gather(Tensor x, Tensor index, int axis) {
        Shape s = x.shape();
        Tensor flat = wrapped(index.to(DType.I64).reshape(-1), s.dim(axis));
        return x.indexSelect(axis, flat)
                .reshape(s.slice(0, axis).concat(index.shape()).concat(s.slice(axis + 1, s.rank())));
    }

    /// Row-major positions over `extents` of the rows of a last axis of indices.
    private static Tensor linear(Tensor index, Shape extents) {
        Tensor at = null;
        for (int i = 0; i < extents.rank(); i++) {
            Tensor p = wrapped(index.select(index.rank() - 1, i).to(DType.I64), extents.dim(i));
            at = at == null ? p : at.mul(extents.dim(i)).add(p);
        }
        return at != null ? at
                : Tensors.zeros(index.shape().slice(0, index.rank() - 1), DType.I64, index.device());
    }

    private static Tensor gatherND(Call c) {
        Shape s = c.x(0).shape();
        Tensor index = c.x(1);
        int b = (int) c.attr("batch_dims", 0);
        int k = (int) index.size(-1);
        if (b < 0 || b + k > s.rank()) {
            throw new IllegalArgumentException("data " + s + ", indices " + index.shape() + ", batch_dims " + b
                    + ": the indices have more columns than the data has axes");
        }
        Shape extents = s.slice(b, b + k);
        Shape rest = s.slice(b + k, s.rank());
        long batch = s.slice(0, b).elements();
        Tensor at = linear(index, extents).reshape(batch, -1);
        Tensor offset = Tensors.arange(0, batch, 1, DType.I64, index.device()).mul(extents.elements()).unsqueeze(1);
        Tensor rows = c.x(0).reshape(Shape.of(batch * extents.elements()).concat(rest));
        return rows.indexSelect(0, at.add(offset).reshape(-1))
                .reshape(index.shape().slice(0, index.rank() - 1).concat(rest));
    }

    private static Mode mode(Call c) {
        return switch (c.attr("reduction", "none")) {
            case "none" -> Mode.SET;
            case "add" -> Mode.ADD;
            case "mul" -> Mode.MUL;
            case "max" -> Mode.MAX;
            case "min" -> Mode.MIN;
            default -> throw new IllegalArgumentException("reduction \"" + c.attr("reduction", "")
                    + "\": expected none, add, mul, max or min");
        };
    }

    private static Tensor scatterElements(Call c) {
        int axis = c.axis("axis", 0, c.x(0).rank());
        return scatter(c, c.x(0), axis, wrapped(c.x(1), c.x(0).size(axis)), c.x(2));
    }

    /// Truth values combine as numbers, unsigned integers of 64 bits in their own order.
    private static Tensor scatter(Call c, Tensor x, int axis, Tensor index, Tensor source) {
        Mode mode = mode(c);
        boolean ordered = mode == Mode.MAX || mode == Mode.MIN;
        if (c.type(0) == OnnxType.UINT64 && ordered) {
            return Unsigned.flipped(Unsigned.flipped(x).scatter(axis, index, Unsigned.flipped(source), mode));
        }
        if (x.dtype() == DType.BOOL && mode != Mode.SET) {
            return x.to(DType.U8).scatter(axis, index, source.to(DType.U8), mode);
        }
        return x.scatter(axis, index, source, mode);
    }

    private static Tensor scatterND(Call c) {
        Shape s = c.x(0).shape();
        Tensor index = c.x(1);
        int k = (int) index.size(-1);
        if (k > s.rank()) {
            throw new IllegalArgumentException("data " + s + ", indices " + index.shape()
                    + ": the indices have more columns than the data has axes");
        }
        Shape extents = s.slice(0, k);
        long width = s.slice(k, s.rank()).elements();
        Tensor at = linear(index, extents).reshape(-1, 1);
        Tensor updates = c.x(2).reshape(at.size(0), width);
        return scatter(c, c.x(0).reshape(extents.elements(), width), 0, at.expand(at.size(0), width), updates)
                .reshape(s);
    }

    private static Tensor tensorScatter(Call c) {
        Tensor cache = c.x(0);
        Tensor update = c.x(1);
        int axis = c.axis("axis", -2, cache.rank());
        long[] dims = new long[cache.rank()];
        Arrays.fill(dims, 1);
        dims[axis] = update.size(axis);
        Tensor at = Tensors.arange(0, update.size(axis), 1, DType.I64, cache.device()).reshape(dims);
        if (c.has(2)) {
            dims[axis] = 1;
            dims[0] = cache.size(0);
            at = at.add(c.x(2).reshape(dims));
        }
        if (c.attr("mode", "linear").equals("circular")) {
            at = at.remainder(cache.size(axis));
        }
        return cache.scatter(axis, at.expand(update.shape()), update);
    }

    private static List<OnnxValue> oneHot(Call c) {
        Tensor index = c.x(0).to(DType.I64);
        long depth = c.integer(1);
        int axis = Call.axis(c.attr("axis", -1), index.rank() + 1);
        Tensor classes = Tensors.arange(0, depth, 1, DType.I64, index.device());
        Tensor hit = wrapped(index, depth).unsqueeze(index.rank()).eq(classes);
        Tensor y = c.x(2).select(0, 1).where(hit, c.x(2).select(0, 0));
        return List.of(c.like(2, y.movedim(-1, axis)));
    }

    private static List<OnnxValue> unique(Call c) {
        boolean flip = c.type(0) == OnnxType.UINT64;
        Tensor x = flip ? Unsigned.flipped(c.x(0)) : c.x(0);
        Integer axis = c.hasAttr("axis") ? (Integer) c.axis("axis", 0, x.rank()) : null;
        Unique u = x.unique(axis);
        long[] inverse = u.inverse().toLongArray();
        long[] first = new long[(int) u.counts().elements()];
        Arrays.fill(first, -1);
        for (int i = 0; i < inverse.length; i++) {
            int k = (int) inverse[i];
            first[k] = first[k] < 0 ? i : first[k];
        }
        int[] order = IntStream.range(0, first.length).toArray();
        if (!c.flag("sorted", true)) {
            order = IntStream.range(0, first.length).boxed()
                    .sorted((a, b) -> Long.compare(first[a], first[b])).mapToInt(i -> i).toArray();
        }
        long[] rank = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            rank[order[i]] = i;
        }
        Tensor pick = c.vector(Arrays.stream(order).asLongStream().toArray());
        Tensor y = u.values().indexSelect(axis == null ? 0 : axis, pick);
        return List.of(c.like(0, flip ? Unsigned.flipped(y) : y),
                OnnxValue.of(c.vector(Arrays.stream(order).mapToLong(i -> first[i]).toArray())),
                OnnxValue.of(c.vector(Arrays.stream(inverse).map(i -> rank[(int) i]).toArray())),
                OnnxValue.of(u.counts().indexSelect(0, pick)));
    }
}
