package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;

/// A stable merge sort along the lines of an axis. Short runs are sorted by insertion, one item each; then runs are
/// merged pairwise in scratch memory. Items share out the result of a merge evenly: each finds by binary search where
/// its piece begins in both runs (Green, McColl and Bader, 2012).
final class SortSource {
    private final Dialect dialect;
    private final DeviceTraits traits;
    private final SortOp op;
    private final TensorType x;
    private final List<TensorType> out;
    private final Space space;
    private final Kind kind;
    private final String type;
    /// The kind of positions in scratch memory.
    private final Kind places;
    private final long count;
    private final long lines;
    private final int run;
    private final long values;
    private final long half;

    private SortSource(Dialect dialect, DeviceTraits traits, SortOp op, TensorType x, List<TensorType> out) {
        this.dialect = dialect;
        this.traits = traits;
        this.op = op;
        this.x = x;
        this.out = out;
        this.space = ScanSource.lines(op.axis(), x, out);
        this.kind = x.dtype().kind();
        this.type = Types.of(kind);
        this.count = x.shape().dim(op.axis());
        this.lines = space.elements();
        this.places = count > Integer.MAX_VALUE / 2 ? Kind.I64 : Kind.I32;
        this.run = traits.cpu() ? 16 : 8;
        this.values = x.elements() * Types.bytes(kind) + 63 & -64;
        this.half = values + (x.elements() * Types.bytes(places) + 63 & -64);
    }

    static KernelPlan plan(Dialect dialect, DeviceTraits traits, SortOp op, TensorType x, List<TensorType> out) {
        return x.elements() == 0 ? KernelPlan.NOTHING : new SortSource(dialect, traits, op, x, out).plan();
    }

    private KernelPlan plan() {
        List<GeneratedKernel> kernels = new ArrayList<>();
        kernels.add(runs());
        long at = 0;
        for (long width = run; width < count; width *= 2) {
            kernels.add(merge(width, at, half - at));
            at = half - at;
        }
        return new KernelPlan(kernels, kernels.size() == 1 ? 0 : 2 * half);
    }

    /// Starts a kernel with an item for each piece of a line: `l` its line, `from` and `to` its first place and the one
    /// after its last.
    private KernelWriter begin(String entry, long piece) {
        KernelWriter w = new KernelWriter(dialect, traits, entry, space.wide() || ScanSource.wide(x, out)
                || x.elements() > Integer.MAX_VALUE / 2);
        w.number("count", count);
        String pieces = w.number("pieces", (count + piece - 1) / piece);
        w.line("idx i = (idx)GROUP * " + items() + " + (idx)ITEM;");
        w.line("if (i >= " + w.number("n", lines * ((count + piece - 1) / piece)) + ") {").line("return;").line("}");
        w.line("idx l = i / " + pieces + ";").line("idx from = i % " + pieces + " * " + w.number("piece", piece) + ";");
        w.line("idx to = from + piece < count ? from + piece : count;");
        return w;
    }

    private int items() {
        return traits.cpu() ? 8 : traits.items();
    }

    private GeneratedKernel finish(KernelWriter w, long piece) {
        return w.finish((lines * ((count + piece - 1) / piece) + items() - 1) / items(), items());
    }

    /// Whether the first text comes before the second. NaN counts as larger than every number.
    private String before(String a, String b) {
        String nan = kind.isFloating() ? " || (%2$s != %2$s && %1$s == %1$s)" : "";
        String order = "(%1$s < %2$s" + nan + ")";
        return op.descending() ? order.formatted(b, a) : order.formatted(a, b);
    }

    /// Declares where lines of the results begin, if they are what is written.
    private void open(KernelWriter w, boolean last) {
        if (last) {
            w.line("idx b1 = " + space.offset(w, "c", 1, 0, space.rank()) + ";");
            w.line("idx b2 = " + space.offset(w, "c", 2, 0, space.rank()) + ";");
        }
    }

    /// Writes a value and its position to place `k` of line `l`.
    private void put(KernelWriter w, boolean last, long to, String k, String value, String position) {
        if (!last) {
            w.line(w.workspace("v2", kind, to) + "[l * count + " + k + "] = " + value + ";");
            w.line(w.workspace("p2", places, to + values) + "[l * count + " + k + "] = " + position + ";");
            return;
        }
        int axis = op.axis();
        w.line(Types.store(w, x.dtype(), w.output(0, x.dtype()), "b1 + (" + k + ") * "
                + w.number("sy", out.get(0).stride(axis)), value));
        w.line(w.output(1, DType.I64) + "[b2 + (" + k + ") * " + w.number("sp", out.get(1).stride(axis))
                + "] = (i64)" + position + ";");
    }

    private GeneratedKernel runs() {
        boolean last = count <= run;
        KernelWriter w = begin("sort_runs", run);
        w.lines(space.decode(w, "c", "l", space.rank()));
        w.line("idx b0 = " + space.offset(w, "c", 0, 0, space.rank()) + ";");
        open(w, last);
        String t = Types.of(places);
        w.line(type + " v[" + run + "];").line(t + " p[" + run + "];");
        w.line("int held = (int)(to - from);");
        w.line("for (int e = 0; e < held; e++) {");
        w.line(type + " x = " + Types.load(x.dtype(), w.input(0, x.dtype()), "b0 + (from + e) * "
                + w.number("sx", x.stride(op.axis()))) + ";");
        w.line("int at = e;");
        w.line("while (at > 0 && " + before("x", "v[at - 1]") + ") {");
        w.line("v[at] = v[at - 1];").line("p[at] = p[at - 1];").line("at--;").line("}");
        w.line("v[at] = x;").line("p[at] = (" + t + ")(from + e);").line("}");
        w.line("for (int e = 0; e < held; e++) {");
        put(w, last, 0, "from + e", "v[e]", "p[e]");
        w.line("}");
        return finish(w, run);
    }

    private GeneratedKernel merge(long width, long at, long to) {
        boolean last = 2 * width >= count;
        long piece = Math.min(traits.cpu() ? 1024 : 8, 2 * width);
        KernelWriter w = begin(last ? "sort_last" : "sort_merge", piece);
        w.number("width", width);
        if (last) {
            w.lines(space.decode(w, "c", "l", space.rank()));
        }
        open(w, last);
        w.line("idx start = from / (2 * width) * (2 * width);");
        w.line("idx middle = start + width < count ? start + width : count;");
        w.line("idx end = middle + width < count ? middle + width : count;");
        w.line("GLOBAL const " + type + "* va = " + w.workspace("v", kind, at) + " + l * count + start;");
        w.line("GLOBAL const " + type + "* vb = v + l * count + middle;");
        String t = Types.of(places);
        w.line("GLOBAL const " + t + "* pa = " + w.workspace("p", places, at + values) + " + l * count + start;");
        w.line("GLOBAL const " + t + "* pb = p + l * count + middle;");
        w.line("idx na = middle - start;").line("idx nb = end - middle;").line("idx skip = from - start;");
        // How many of the left run are among the `skip` that come before this piece; of equals, those of the left.
        w.line("idx a = skip > nb ? skip - nb : 0;").line("idx high = skip < na ? skip : na;");
        w.line("while (a < high) {").line("idx mid = a + (high - a) / 2;");
        w.line(type + " l1 = va[mid];").line(type + " r1 = vb[skip - 1 - mid];");
        w.line("if (" + before("r1", "l1") + ") {").line("high = mid;").line("} else {").line("a = mid + 1;");
        w.line("}").line("}").line("idx b = skip - a;");
        w.line("for (idx k = from; k < to; k++) {");
        w.line("int left = b >= nb;");
        w.line("if (a < na && b < nb) {");
        w.line(type + " l1 = va[a];").line(type + " r1 = vb[b];").line("left = !" + before("r1", "l1") + ";");
        w.line("}");
        w.line(type + " value = left ? va[a] : vb[b];");
        w.line(t + " position = left ? pa[a] : pb[b];");
        put(w, last, to, "k", "value", "position");
        w.line("a += left;").line("b += !left;").line("}");
        return finish(w, piece);
    }
}
