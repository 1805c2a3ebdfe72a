package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.DType;
import dev.tenon.api.Index;
import dev.tenon.api.ReductionOps.ValuesAndIndices;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.ScatterOp.Mode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Picking and placing elements, sorting and searching.
final class IndexingTable {
    private IndexingTable() {}

    static void fill() {
        picking();
        placing();
        scatters();
        searching();
    }

    private static void picking() {
        add("masked_select", "input mask", a -> a.x().maskedSelect(a.t("mask")));
        add("narrow", "input dim start length", IndexingTable::narrow);
        add("narrow_copy", "input dim start length", a -> narrow(a).clone());
        add("select", "input dim index", a -> a.x().select(a.axis("dim"), a.i("index")));
        add("gather", "input dim index sparse_grad", a -> a.x().gather(a.axis("dim"), index(a)));
        add("index_select", "input dim index", a -> a.x().indexSelect(a.axis("dim"), a.t("index")));
        add("take", "input index", a -> a.x().take(a.t("index")));
        add("take_along_dim", "input indices dim", a -> a.has("dim")
                ? a.x().takeAlongDim(a.t("indices"), a.axis("dim"))
                : a.x().reshape(-1).takeAlongDim(a.t("indices").reshape(-1), 0));
        add("nonzero", "input as_tuple", a -> {
            if (!a.b("as_tuple", false)) {
                return a.x().nonzero();
            }
            return (a.x().rank() == 0 ? a.x().reshape(1) : a.x()).nonzero().unbind(1);
        });
        add("argwhere", "input", a -> a.x().argwhere());
        add("__getitem__", "input key", a -> a.x().get(index(a.get("key"), a)));
    }

    private static Tensor narrow(Args a) {
        long n = a.x().size(a.axis("dim"));
        long start = a.i("start");
        return a.x().narrow(a.axis("dim"), start < 0 ? start + n : start, a.i("length"));
    }

    /// Python's index: one part, or a tuple or list of parts.
    private static Index[] index(@Nullable Object key, Args a) {
        List<@Nullable Object> parts = new ArrayList<>();
        if (key instanceof List<?> l) {
            parts.addAll(l);
            // A list of integers is one index; a list that holds anything else stands for a tuple.
            if (l.stream().allMatch(o -> o instanceof Long)) {
                parts = new ArrayList<>();
                parts.add(l);
            }
        } else {
            parts.add(key);
        }
        return parts.stream().map(p -> part(p, a)).toArray(Index[]::new);
    }

    private static Index part(@Nullable Object p, Args a) {
        return switch (p) {
            case null -> Index.newAxis();
            case Long i -> Index.at(i);
            case OpInfoFile.Slice(Long start, Long stop, Long step) ->
                Index.range(start, stop, step == null ? 1 : step);
            case OpInfoFile.Dots _ -> Index.ellipsis();
            case Tensor t -> Index.of(t);
            case Boolean b -> Index.of(Tensors.full(Shape.SCALAR, b ? 1 : 0, DType.BOOL, a.device()));
            case List<?> l -> Index.of(positions(l, a));
            default -> throw new TensorException("index part " + p + " is unknown");
        };
    }

    private static Tensor positions(List<?> l, Args a) {
        List<Long> flat = new ArrayList<>();
        List<Long> dims = new ArrayList<>();
        Object level = l;
        while (level instanceof List<?> inner) {
            dims.add((long) inner.size());
            level = inner.isEmpty() ? null : inner.getFirst();
        }
        flatten(l, flat);
        Tensor t = Tensors.of(flat.stream().mapToLong(Long::longValue).toArray(),
                Shape.of(dims.stream().mapToLong(Long::longValue).toArray()), a.device());
        return level instanceof Boolean ? t.to(DType.BOOL) : t;
    }

    private static void flatten(Object o, List<Long> into) {
        switch (o) {
            case List<?> l -> l.forEach(e -> flatten(e, into));
            case Long v -> into.add(v);
            case Boolean b -> into.add(b ? 1L : 0L);
            default -> throw new TensorException("index part " + o + " is unknown");
        }
    }

    private static void placing() {
        add("masked_fill", "input mask value", a -> a.isTensor("value")
                ? a.x().maskedFill(a.t("mask"), a.t("value"))
                : a.x().maskedFill(a.t("mask"), a.f("value")));
        add("masked_scatter", "input mask source", a -> a.x().maskedScatter(a.t("mask"), a.t("source")));
        add("index_fill", "input dim index value", a -> a.isTensor("value")
                ? a.x().indexFill(a.axis("dim"), a.t("index"), a.t("value"))
                : a.x().indexFill(a.axis("dim"), a.t("index"), a.f("value")));
        add("index_copy", "input dim index source",
                a -> a.x().indexCopy(a.axis("dim"), a.t("index"), a.t("source")));
        add("index_add", "input dim index source alpha",
                a -> a.x().indexAdd(a.axis("dim"), a.t("index"), a.t("source"), a.f("alpha", 1)));
        add("index_put", "input indices values accumulate", a -> {
            List<Index> parts = new ArrayList<>();
            for (Object o : Json.list(a.get("indices"))) {
                parts.add(o == null ? Index.all() : part(o, a));
            }
            return a.x().indexPut(a.t("values"), a.b("accumulate", false), parts.toArray(Index[]::new));
        });
        add("put", "input index source accumulate",
                a -> a.x().put(a.t("index"), a.t("source"), a.b("accumulate", false)));
        add("select_scatter", "input src dim index",
                a -> a.x().selectScatter(a.t("src"), a.axis("dim"), a.i("index")));
        add("slice_scatter", "input src dim start end step", a -> {
            long n = a.x().size(a.axis("dim", 0));
            long start = bound(a.i("start", 0), n);
            long end = bound(a.i("end", n), n);
            long step = a.i("step", 1);
            long length = Math.max(0, (end - start + step - 1) / step);
            return a.x().sliceScatter(a.t("src"), a.axis("dim", 0), start, length, step);
        });
        add("diagonal_scatter", "input src offset dim1 dim2", a -> a.x().diagonalScatter(
                a.t("src"), a.i("offset", 0), a.axis("dim1", 0), a.axis("dim2", 1)));
    }

    private static long bound(long i, long n) {
        return Math.clamp(i < 0 ? i + n : i, 0, n);
    }

    private static void scatters() {
        add("scatter", "input dim index src reduce value", a -> {
            Object given = a.has("src") ? a.get("src") : a.get("value");
            Tensor src = given instanceof Tensor t ? t
                    : Tensors.full(Shape.SCALAR, a.has("src") ? a.f("src") : a.f("value"), a.x().dtype(), a.device())
                            .expand(index(a).shape());
            Mode mode = switch (a.s("reduce", "")) {
                case "add" -> Mode.ADD;
                case "multiply" -> Mode.MUL;
                case "" -> Mode.SET;
                default -> throw new TensorException("scatter: reduction " + a.get("reduce") + " is unknown");
            };
            return a.x().scatter(a.axis("dim"), index(a), src, mode);
        });
        add("scatter_add", "input dim index src",
                a -> a.x().scatterAdd(a.axis("dim"), index(a), a.t("src")));
        add("scatter_reduce", "input dim index src reduce include_self", a -> a.x().scatterReduce(
                a.axis("dim"), index(a), a.t("src"), a.s("reduce", ""), a.b("include_self", true)));
        add("index_reduce", "input dim index source reduce include_self", a -> a.x().indexReduce(
                a.axis("dim"), a.t("index"), a.t("source"), a.s("reduce", ""), a.b("include_self", true)));
    }

    private static List<Tensor> pair(ValuesAndIndices v) {
        return List.of(v.values(), v.indices());
    }

    private static void searching() {
        add("topk", "input k dim largest sorted",
                a -> pair(a.x().topk((int) a.i("k"), a.axis("dim", -1), a.b("largest", true))));
        add("sort", "input dim descending stable",
                a -> pair(a.x().sort(a.axis("dim", -1), a.b("descending", false))));
        add("argsort", "input dim descending stable",
                a -> a.x().argsort(a.axis("dim", -1), a.b("descending", false)));
        add("isin", "elements test_elements assume_unique invert", a -> {
            Tensor with = a.isTensor("elements") ? a.t("elements") : a.t("test_elements");
            Tensor in = ElementwiseTable.operand(a, "elements", with)
                    .isIn(ElementwiseTable.operand(a, "test_elements", with));
            return a.b("invert", false) ? in.logicalNot() : in;
        });
        add("kthvalue", "input k dim keepdim",
                a -> pair(a.x().kthvalue(a.i("k"), a.axis("dim", -1), a.b("keepdim", false))));
        add("mode", "input dim keepdim", a -> pair(a.x().mode(a.axis("dim", -1), a.b("keepdim", false))));
        add("median", "input dim keepdim", a -> a.has("dim")
                ? pair(a.x().median(a.axis("dim"), a.b("keepdim", false)))
                : a.x().median());
        add("nanmedian", "input dim keepdim", a -> a.has("dim")
                ? pair(a.x().nanmedian(a.axis("dim"), a.b("keepdim", false)))
                : a.x().nanmedian());
        add("unique", "input sorted return_inverse return_counts dim", a -> unique(a, false));
        add("unique_consecutive", "input return_inverse return_counts dim", a -> unique(a, true));
        add("histc", "input bins min max",
                a -> a.x().histc((int) a.i("bins", 100), a.f("min", 0), a.f("max", 0)));
        add("bincount", "input weights minlength", a -> a.x().bincount(a.opt("weights"), a.i("minlength", 0)));
        add("searchsorted", "sorted_sequence input out_int32 right side sorter", a -> {
            Tensor s = a.t("sorted_sequence");
            s = a.has("sorter") ? s.gather(-1, a.t("sorter")) : s;
            return search(s, a, "input");
        });
        add("bucketize", "input boundaries out_int32 right", a -> search(a.t("boundaries"), a, "input"));
        add("quantile", "input q dim keepdim interpolation", a -> quantile(a, false));
        add("nanquantile", "input q dim keepdim interpolation", a -> quantile(a, true));
    }

    private static Tensor search(Tensor sequence, Args a, String values) {
        boolean right = a.b("right", false) || a.s("side", "left").equals("right");
        Tensor v = ElementwiseTable.operand(a, values, sequence);
        Tensor found = sequence.searchSorted(v, right);
        return a.b("out_int32", false) ? found.to(DType.I32) : found;
    }

    private static Object quantile(Args a, boolean ignoreNaN) {
        Tensor q = a.isTensor("q") ? a.t("q") : Tensors.full(Shape.SCALAR, a.f("q"), a.x().dtype(), a.device());
        return a.x().quantile(q, a.has("dim") ? Integer.valueOf(a.axis("dim")) : null, a.b("keepdim", false),
                a.s("interpolation", "linear"), ignoreNaN);
    }

    private static Tensor index(Args a) {
        if (a.t("index").dtype() == DType.I32) {
            throw new NotComparable("later versions of PyTorch, and this library, accept indices of 32 bits");
        }
        return a.t("index");
    }

    private static Object unique(Args a, boolean consecutive) {
        Integer axis = a.has("dim") ? Integer.valueOf(a.axis("dim")) : null;
        var u = consecutive ? a.x().uniqueConsecutive(axis) : a.x().unique(axis);
        List<Tensor> out = new ArrayList<>(List.of(u.values()));
        if (a.b("return_inverse", false)) {
            out.add(u.inverse());
        }
        if (a.b("return_counts", false)) {
            out.add(u.counts());
        }
        Object result = out.size() == 1 ? out.getFirst() : out;
        boolean open = !consecutive && !a.b("sorted", true) && !a.has("dim");
        return open ? Outcome.against(result, w -> sorted(w, a.b("return_inverse", false))) : result;
    }

    /// Distinct values in the order that PyTorch left open, their positions and counts, as of sorted values.
    private static List<Tensor> sorted(List<Tensor> unique, boolean inverse) {
        var s = unique.getFirst().sort(0, false);
        List<Tensor> out = new ArrayList<>(List.of(s.values()));
        for (int k = 1; k < unique.size(); k++) {
            boolean positions = inverse && k == 1;
            out.add(positions ? s.indices().argsort(0, false).take(unique.get(k))
                    : unique.get(k).indexSelect(0, s.indices()));
        }
        return out;
    }
}
