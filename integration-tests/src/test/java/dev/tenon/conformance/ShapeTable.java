package dev.tenon.conformance;

import static dev.tenon.conformance.ElementwiseTable.unary;
import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.stream.IntStream;

/// Operations that arrange elements, join tensors, convert and create them.
final class ShapeTable {
    private ShapeTable() {}

    static void fill() {
        arrangement();
        parts();
        joins();
        casts();
        creation();
    }

    private static void arrangement() {
        add("broadcast_to", "input *size", a -> a.x().broadcastTo(a.longs("size")));
        add("expand", "input *size", a -> a.x().expand(a.longs("size")));
        add("expand_as", "input other", a -> a.x().expandAs(a.t("other")));
        unary("clone", Tensor::clone);
        unary("contiguous", Tensor::contiguous);
        add("diag", "input diagonal", a -> a.x().diag(a.i("diagonal", 0)));
        add("diagflat", "input offset", a -> a.x().diagflat(a.i("offset", 0)));
        add("diagonal", "input offset dim1 dim2",
                a -> a.x().diagonal(a.i("offset", 0), a.axis("dim1", 0), a.axis("dim2", 1)));
        add("diag_embed", "input offset dim1 dim2",
                a -> a.x().diagEmbed(a.i("offset", 0), a.axis("dim1", -2), a.axis("dim2", -1)));
        add("flip", "input *dims", a -> a.x().flip(a.ints("dims")));
        unary("fliplr", Tensor::fliplr);
        unary("flipud", Tensor::flipud);
        add("rot90", "input k dims", a -> {
            int[] axes = a.has("dims") ? a.ints("dims") : new int[] {0, 1};
            if (axes.length != 2) {
                throw new TensorException("rot90: " + axes.length + " axes, expected two");
            }
            return a.x().rot90(a.i("k", 1), axes[0], axes[1]);
        });
        add("permute", "input *dims", a -> a.x().permute(a.ints("dims")));
        add("roll", "input shifts dims",
                a -> a.x().roll(a.longs("shifts"), a.has("dims") ? a.ints("dims") : new int[0]));
        unary("ravel", Tensor::ravel);
        add("reshape", "input *shape", a -> a.x().reshape(a.longs("shape")));
        add("reshape_as", "input other", a -> a.x().reshapeAs(a.t("other")));
        add("view", "input *size", a -> a.x().view(a.longs("size")));
        add("flatten", "input start_dim end_dim",
                a -> a.x().flatten(a.axis("start_dim", 0), a.axis("end_dim", -1)));
        add("unflatten", "input dim sizes", a -> a.x().unflatten(a.axis("dim"), a.longs("sizes")));
        add("movedim", "input source destination",
                a -> a.x().movedim(a.ints("source"), a.ints("destination")));
        add("repeat", "input *repeats", a -> a.x().repeat(a.longs("repeats")));
        add("tile", "input *dims", a -> a.x().tile(a.longs("dims")));
        add("squeeze", "input dim", a -> a.has("dim") ? a.x().squeeze(a.axis("dim")) : a.x().squeeze());
        add("unsqueeze", "input dim", a -> a.x().unsqueeze(a.axis("dim")));
        add("transpose", "input dim0 dim1", a -> a.x().transpose(a.axis("dim0"), a.axis("dim1")));
        unary("T", Tensor::transposeAll);
        unary("mT", Tensor::mT);
        unary("t", Tensor::t);
        add("tril", "input diagonal", a -> a.x().tril(a.i("diagonal", 0)));
        add("triu", "input diagonal", a -> a.x().triu(a.i("diagonal", 0)));
        add("unfold", "input dimension size step",
                a -> a.x().unfold(a.axis("dimension"), a.i("size"), a.i("step")));
        add("sum_to_size", "input *size", a -> a.x().sumToSize(a.longs("size")));
        add("repeat_interleave", "input repeats dim", a -> {
            Tensor x = a.has("dim") ? a.x() : a.x().reshape(-1);
            int axis = a.axis("dim", 0);
            return a.isTensor("repeats")
                    ? x.repeatInterleave(a.t("repeats"), axis)
                    : x.repeatInterleave(a.i("repeats"), axis);
        });
    }

    private static void parts() {
        add("chunk", "input chunks dim", a -> a.x().chunk((int) a.i("chunks"), a.axis("dim", 0)));
        add("split", "input split_size_or_sections dim", a -> a.get("split_size_or_sections") instanceof Long size
                ? a.x().split(size, a.axis("dim", 0))
                : a.x().split(a.longs("split_size_or_sections"), a.axis("dim", 0)));
        add("split_with_sizes", "input split_sizes dim",
                a -> a.x().split(a.longs("split_sizes"), a.axis("dim", 0)));
        add("unbind", "input dim", a -> a.x().unbind(a.axis("dim", 0)));
        add("tensor_split", "input indices_or_sections dim", a -> tensorSplit(a, a.axis("dim", 0)));
        add("hsplit", "input indices_or_sections", a -> tensorSplit(a, a.x().rank() == 1 ? 0 : 1));
        add("vsplit", "input indices_or_sections", a -> tensorSplit(a, 0));
        add("dsplit", "input indices_or_sections", a -> tensorSplit(a, 2));
    }

    private static Object tensorSplit(Args a, int axis) {
        Object how = a.get("indices_or_sections");
        if (how instanceof Tensor t) {
            return t.rank() == 0
                    ? a.x().tensorSplit((int) t.itemLong(), axis)
                    : a.x().tensorSplit(t.toLongArray(), axis);
        }
        return how instanceof Long sections
                ? a.x().tensorSplit(sections.intValue(), axis)
                : a.x().tensorSplit(a.longs("indices_or_sections"), axis);
    }

    private static void joins() {
        add("broadcast_tensors", "*tensors", a -> Tensors.broadcastTensors(a.ts("tensors")));
        add("meshgrid", "*tensors indexing",
                a -> Tensors.meshgrid(a.ts("tensors"), a.s("indexing", "ij").equals("xy")));
        add("stack", "tensors dim", a -> Tensors.stack(a.axis("dim", 0), a.ts("tensors")));
        add("cat", "tensors dim", a -> Tensors.cat(a.axis("dim", 0), a.ts("tensors")));
        add("promotion.cat", "tensors dim", a -> Tensors.cat(a.axis("dim", 0), a.ts("tensors")));
        add("hstack", "*tensors", a -> Tensors.hstack(a.ts("tensors")));
        add("vstack", "*tensors", a -> Tensors.vstack(a.ts("tensors")));
        add("dstack", "*tensors", a -> Tensors.dstack(a.ts("tensors")));
        add("column_stack", "*tensors", a -> Tensors.columnStack(a.ts("tensors")));
        add("block_diag", "*tensors", a -> Tensors.blockDiag(a.ts("tensors")));
        add("cartesian_prod", "*tensors", a -> Tensors.cartesianProd(a.ts("tensors")));
        add("combinations", "input r with_replacement",
                a -> Tensors.combinations(a.x(), (int) a.i("r", 2), a.b("with_replacement", false)));
        add("atleast_1d", "*tensors", a -> a.ts("tensors").size() == 1 ? a.ts("tensors").getFirst().atleast1d()
                : a.ts("tensors").stream().map(Tensor::atleast1d).toList());
        add("atleast_2d", "*tensors", a -> a.ts("tensors").size() == 1 ? a.ts("tensors").getFirst().atleast2d()
                : a.ts("tensors").stream().map(Tensor::atleast2d).toList());
        add("atleast_3d", "*tensors", a -> a.ts("tensors").size() == 1 ? a.ts("tensors").getFirst().atleast3d()
                : a.ts("tensors").stream().map(Tensor::atleast3d).toList());
        add("constant_pad_nd", "input pad value", a -> Tensors.pad(a.x(), a.f("value", 0), a.longs("pad")));
    }

    private static void cast(String name, DType to) {
        add(name, "input memory_format", a -> cast(a.x(), to));
    }

    /// What NaN, infinities and numbers out of range are as integers is left open by C: they are not compared.
    private static Object cast(Tensor x, DType to) {
        if (!to.isIntegral() || !x.dtype().isFloating()) {
            return x.to(to);
        }
        double least = to == DType.U8 ? 0 : -Math.pow(2, 8 * to.bytes() - 1);
        double most = to == DType.U8 ? 256 : -least;
        Tensor d = x.detach().to(DType.F64).trunc();
        return Outcome.where(d.ge(least).logicalAnd(d.lt(most)), x.to(to));
    }

    private static void casts() {
        cast("bool", DType.BOOL);
        cast("double", DType.F64);
        cast("float", DType.F32);
        cast("half", DType.F16);
        cast("bfloat16", DType.BF16);
        cast("long", DType.I64);
        cast("int", DType.I32);
        cast("short", DType.I16);
        cast("char", DType.I8);
        cast("byte", DType.U8);
        add("to", "input a b c d e memory_format dtype", a -> {
            DType to = a.x().dtype();
            for (String n : new String[] {"a", "b", "dtype"}) {
                to = a.get(n) instanceof DType d ? d : to;
            }
            return cast(a.x(), to);
        });
    }

    private static Shape size(Args a, String name) {
        return Shape.of(a.longs(name));
    }

    private static void creation() {
        add("arange", "start end step dtype device", a -> {
            double start = a.has("end") ? a.f("start", 0) : 0;
            double end = a.has("end") ? a.f("end") : a.f("start");
            boolean whole = IntStream.range(0, 3).mapToObj(i -> a.get(new String[] {"start", "end", "step"}[i]))
                    .noneMatch(v -> v instanceof Double);
            DType d = a.dtype("dtype", whole ? DType.I64 : DType.F32);
            return Tensors.arange(start, end, a.f("step", 1), d, a.device());
        });
        add("linspace", "start end steps dtype device", a -> Tensors.linspace(
                a.f("start"), a.f("end"), a.i("steps"), a.dtype("dtype", DType.F32), a.device()));
        add("logspace", "start end steps base dtype device", a -> Tensors.logspace(
                a.f("start"), a.f("end"), a.i("steps"), a.f("base", 10), a.dtype("dtype", DType.F32), a.device()));
        add("eye", "n m dtype device",
                a -> Tensors.eye(a.i("n"), a.i("m", a.i("n")), a.dtype("dtype", DType.F32), a.device()));
        add("zeros", "*size dtype device",
                a -> Tensors.zeros(size(a, "size"), a.dtype("dtype", DType.F32), a.device()));
        add("ones", "*size dtype device",
                a -> Tensors.ones(size(a, "size"), a.dtype("dtype", DType.F32), a.device()));
        add("zeros_like", "input dtype", a -> Tensors.zeros(a.x().shape(), like(a), a.device()));
        add("ones_like", "input dtype", a -> Tensors.ones(a.x().shape(), like(a), a.device()));
        add("full_like", "input fill_value dtype",
                a -> Tensors.full(a.x().shape(), a.f("fill_value"), like(a), a.device()));
        add("new_zeros", "input size dtype", a -> Tensors.zeros(size(a, "size"), like(a), a.device()));
        add("new_ones", "input size dtype", a -> Tensors.ones(size(a, "size"), like(a), a.device()));
        add("new_full", "input size fill_value dtype",
                a -> Tensors.full(size(a, "size"), a.f("fill_value"), like(a), a.device()));
        add("fill", "input value", a -> Tensors.fullLike(a.x(), a.f("value")));
        add("triu_indices", "row col offset dtype device", a -> Tensors.triangleIndices(
                a.i("row"), a.i("col"), a.i("offset", 0), false, a.dtype("dtype", DType.I64), a.device()));
        add("tril_indices", "row col offset dtype device", a -> Tensors.triangleIndices(
                a.i("row"), a.i("col"), a.i("offset", 0), true, a.dtype("dtype", DType.I64), a.device()));
        add("linalg.vander", "x N", a -> Tensors.vander(a.t("x"),
                a.i("N", a.t("x").rank() == 0 ? 1 : a.t("x").size(-1)), true));
    }

    private static DType like(Args a) {
        return a.dtype("dtype", a.x().dtype());
    }
}
