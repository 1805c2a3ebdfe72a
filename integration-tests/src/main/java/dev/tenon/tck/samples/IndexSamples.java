package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Index;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.ScatterOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Gather and scatter, and the ways of indexing that lead to them.
public final class IndexSamples {
    private IndexSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : DType.values()) {
            for (DType i : new DType[] {DType.I64, DType.I32}) {
                s.addAll(gathers(d, i));
                for (ScatterOp.Mode mode : ScatterOp.Mode.values()) {
                    if (d != DType.BOOL || mode == ScatterOp.Mode.SET) {
                        s.addAll(scatters(d, i, mode));
                    }
                }
            }
            s.addAll(indexing(d));
        }
        return s;
    }

    private static Input positions(DType d, long extent, long... dims) {
        return Input.of(d, dims).from(Domain.of(0, extent - 1)).seed(6);
    }

    private static List<Sample> gathers(DType d, DType index) {
        List<Sample> s = new ArrayList<>();
        Input x = Input.of(d, 5, 7, 6);
        String v = "by " + index + " ";
        for (int axis = 0; axis < 3; axis++) {
            GatherOp op = new GatherOp(axis);
            long extent = x.shape().dim(axis);
            long[] longer = x.shape().with(axis, 11).toArray();
            Sample whole = Sample.of("gather", d, v + "axis " + axis, op, Family.EXACT, x,
                    positions(index, extent, longer));
            s.addAll(whole.inLayouts(Shapes.layouts(d)));
            s.add(Sample.of("gather", d, v + "less, axis " + axis, op, Family.EXACT, x.in(Layout.TRANSPOSED),
                    positions(index, extent, 3, 2, 4)));
            s.add(Sample.of("gather", d, v + "nothing, axis " + axis, op, Family.EXACT, x,
                    positions(index, extent, x.shape().with(axis, 0).toArray())));
        }
        s.add(Sample.of("gather", d, v + "large", new GatherOp(0), Family.EXACT, Input.of(d, 1023),
                positions(index, 1023, 4099)));
        s.add(Sample.of("gather", d, v + "rows", (device, in) -> List.of(in.get(0).indexSelect(0, in.get(1))),
                Family.EXACT, Input.of(d, 31, 17), positions(index, 31, 65)).gradients(2));
        s.add(Sample.of("gather", d, v + "columns", (device, in) -> List.of(in.get(0).indexSelect(-1, in.get(1))),
                Family.EXACT, Input.of(d, 3, 17), positions(index, 17, 5)).gradients(1));
        s.add(Sample.of("gather", d, v + "small", new GatherOp(1), Family.EXACT, Input.of(d, 3, 4),
                positions(index, 4, 3, 5)).gradients(2));
        return s;
    }

    private static List<Sample> scatters(DType d, DType index, ScatterOp.Mode mode) {
        List<Sample> s = new ArrayList<>();
        Family f = mode == ScatterOp.Mode.ADD || mode == ScatterOp.Mode.MUL ? Family.COMPOSITE : Family.EXACT;
        Domain domain = mode == ScatterOp.Mode.MUL && d.isFloating() ? Domain.of(0.8, 1.25) : Domain.USUAL;
        String name = "scatter_" + mode.name().toLowerCase(Locale.ROOT);
        String v = "by " + index + " ";
        Input x = Input.of(d, 5, 7, 6).from(domain);
        for (int axis = 0; axis < 3; axis++) {
            ScatterOp op = new ScatterOp(axis, mode);
            long extent = x.shape().dim(axis);
            long[] many = x.shape().with(axis, 13).toArray();
            Input source = Input.of(d, many).from(domain).seed(8);
            s.addAll(Sample.of(name, d, v + "axis " + axis, op, f, x, positions(index, extent, many), source)
                    .inLayouts(Shapes.layouts(d)));
            s.add(Sample.of(name, d, v + "part, axis " + axis, op, f, x, positions(index, extent, 3, 2, 4), source));
            s.add(Sample.of(name, d, v + "nothing, axis " + axis, op, f, x,
                    positions(index, extent, x.shape().with(axis, 0).toArray()), source));
        }
        s.add(Sample.of(name, d, v + "one place", new ScatterOp(0, mode), f, Input.of(d, 4).from(domain),
                Input.values(index, Shape.of(33), 2), Input.of(d, 33).from(domain).seed(8)));
        s.add(Sample.of(name, d, v + "large", new ScatterOp(0, mode), f, Input.of(d, 259).from(domain),
                positions(index, 259, 4099), Input.of(d, 4099).from(domain).seed(8)));
        // Every place but the last twice, so that SET is differentiable too.
        int order = mode == ScatterOp.Mode.ADD ? 2 : mode == ScatterOp.Mode.SET ? 1 : 0;
        s.add(Sample.of(name, d, v + "small", new ScatterOp(1, mode), f, Input.of(d, 2, 4).from(domain),
                Input.values(index, Shape.of(2, 3), 3, 0, 1), Input.of(d, 2, 3).from(domain).seed(8)).gradients(order));
        return s;
    }

    private static List<Sample> indexing(DType d) {
        List<Sample> s = new ArrayList<>();
        Input x = Input.of(d, 5, 7, 6);
        Input rows = Input.values(DType.I64, Shape.of(4), 0, -1, 2, 2);
        Input columns = Input.values(DType.I64, Shape.of(3, 1), 6, 0, -7);
        Input mask = Input.of(DType.BOOL, 5, 7).seed(3);
        s.add(call("positions", d, (t, i) -> t.get(Index.of(i)), x, rows).gradients(1));
        s.add(call("positions of two axes", d, (t, i) -> t.get(Index.of(i), Index.of(i)), x, rows));
        s.add(call("positions apart", d, (t, i) -> t.get(Index.of(i), Index.all(), Index.of(i)), x, rows));
        s.add(call("positions of the middle", d, (t, i) -> t.get(Index.all(), Index.of(i)), x.in(Layout.FLIPPED),
                columns));
        s.add(call("mask", d, (t, m) -> t.get(Index.of(m)), x, mask).gradients(1));
        s.add(call("masked select", d, (t, m) -> t.maskedSelect(m.unsqueeze(-1)), x, mask));
        s.add(call("masked fill", d, (t, m) -> t.maskedFill(m.unsqueeze(-1), 1), x, mask).gradients(1));
        s.add(call("nonzero", d, (t, _) -> t.nonzero(), x, mask));
        s.add(call("take", d, (t, i) -> t.take(i), x, rows));
        s.add(call("set", d, (t, i) -> t.clone().set(1, Index.range(1, 3), Index.of(i)), x, rows));
        s.add(call("put", d, (t, i) -> t.indexPut(Tensors.fullLike(t.get(0), 1), false, Index.of(i)), x, rows));
        if (d != DType.BOOL) {
            s.add(call("put add", d, (t, i) -> t.indexPut(t.get(0), true, Index.of(i)), x, rows).gradients(1));
            s.add(call("index add", d, (t, i) -> t.indexAdd(0, i.abs(), t.get(Index.of(i))), x, rows));
        }
        s.add(call("index copy", d, (t, i) -> t.indexCopy(0, i.abs(), t.get(Index.of(i))), x, rows));
        return s;
    }

    private interface Two {
        Tensor apply(Tensor x, Tensor index);
    }

    private static Sample call(String variant, DType d, Two body, Input x, Input index) {
        Family f = variant.contains("add") ? Family.COMPOSITE : Family.EXACT;
        return Sample.of("indexing", d, variant, (device, in) -> List.of(body.apply(in.get(0), in.get(1))), f, x,
                index);
    }
}
