package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;

/// What goes along lines of an axis: scans, one item for each line; and sorting, a merge sort with one item for each
/// element, which finds its place by binary search in the neighbouring run.
final class LineSource {
    private LineSource() {}

    static KernelPlan scan(Dialect dialect, DeviceTraits traits, ScanOp op, TensorType x, List<TensorType> out) {
        if (x.elements() == 0) {
            return KernelPlan.NOTHING;
        }
        int axis = op.axis();
        List<long[]> strides = new ArrayList<>(List.of(IndexSource.without(x.strides(), axis)));
        out.forEach(t -> strides.add(IndexSource.without(t.strides(), axis)));
        Space space = Space.merged(x.shape().without(axis), strides);
        KernelWriter w = new KernelWriter(dialect, traits, "scan", space.wide() || wide(x, out));
        long lines = space.elements();
        int local = (int) Math.min(traits.cpu() ? 64 : 128, MapSource.powerOfTwo(lines));
        w.line("idx l = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (l >= " + w.number("n", lines) + ") {").line("return;").line("}");
        w.lines(space.decode(w, "c", "l", space.rank()));
        w.line("idx b = " + space.offset(w, "c", 0, 0, space.rank()) + ";");
        for (int o = 0; o < out.size(); o++) {
            w.line("idx b" + o + " = " + space.offset(w, "c", o + 1, 0, space.rank()) + ";");
        }
        DType dtype = x.dtype();
        Kind kind = dtype.kind();
        String t = Types.of(kind);
        w.line(t + " acc = " + (op.reducer() == Reducer.PROD ? "1" : "0") + ";");
        boolean positions = out.size() > 1;
        w.line(positions ? "idx at = 0;" : "");
        w.line("for (idx k = 0; k < " + w.number("count", x.shape().dim(axis)) + "; k++) {");
        w.line(t + " v = " + Types.load(dtype, w.input(0, dtype), "b + k * " + w.number("sx", x.stride(axis))) + ";");
        if (positions) {
            String better = op.reducer() == Reducer.MAX ? "v >= acc" : "v <= acc";
            String nan = kind.isFloating() ? " || v != v" : "";
            w.line("if (k == 0 || " + better + nan + ") {").line("acc = v;").line("at = k;").line("}");
        } else {
            String sign = op.reducer() == Reducer.SUM ? "+" : "*";
            w.line("acc = " + LambdaWriter.arithmetic(kind, "acc", sign, "v") + ";");
        }
        w.line(Types.store(w, dtype, w.output(0, dtype), "b0 + k * " + w.number("sy", out.get(0).stride(axis)),
                "acc"));
        if (positions) {
            w.line(w.output(1, DType.I64) + "[b1 + k * " + w.number("sp", out.get(1).stride(axis)) + "] = (i64)at;");
        }
        w.line("}");
        return KernelPlan.of(w.finish((lines + local - 1) / local, local));
    }

    private static boolean wide(TensorType x, List<TensorType> out) {
        boolean wide = x.maxOffset() - x.minOffset() > Integer.MAX_VALUE / 2;
        for (TensorType t : out) {
            wide |= t.maxOffset() - t.minOffset() > Integer.MAX_VALUE / 2;
        }
        return wide;
    }

    /// Runs of `width` are merged pairwise, in scratch memory, until one is left; the first pass reads the operand, the
    /// last writes the results.
    static KernelPlan sort(Dialect dialect, DeviceTraits traits, SortOp op, TensorType x, List<TensorType> out) {
        if (x.elements() == 0) {
            return KernelPlan.NOTHING;
        }
        long count = x.shape().dim(op.axis());
        long values = x.elements() * Types.bytes(x.dtype().kind()) + 63 & -64;
        long half = values + (x.elements() * 8 + 63 & -64);
        List<GeneratedKernel> kernels = new ArrayList<>();
        kernels.add(load(dialect, traits, op, x, out, values));
        long place = 0;
        for (long width = 1; width < count; width *= 2) {
            kernels.add(merge(dialect, traits, op, x, width, place, values, half - place));
            place = half - place;
        }
        kernels.add(unload(dialect, traits, op, x, out, place, values));
        return new KernelPlan(kernels, 2 * half);
    }

    private static Space lines(SortOp op, TensorType x, List<TensorType> out) {
        List<long[]> strides = new ArrayList<>(List.of(IndexSource.without(x.strides(), op.axis())));
        out.forEach(t -> strides.add(IndexSource.without(t.strides(), op.axis())));
        return Space.merged(x.shape().without(op.axis()), strides);
    }

    /// Starts a kernel with one item for each element: `i` its number line by line, `l` its line, `k` its place there.
    private static int element(KernelWriter w, TensorType x, long count) {
        int local = (int) Math.min(Math.min(w.traits().group(), 256), MapSource.powerOfTwo(x.elements()));
        w.line("idx i = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (i >= " + w.number("n", x.elements()) + ") {").line("return;").line("}");
        w.number("count", count);
        w.line("idx l = i / count;").line("idx k = i % count;");
        return local;
    }

    private static GeneratedKernel load(Dialect dialect, DeviceTraits traits, SortOp op, TensorType x,
            List<TensorType> out, long values) {
        Space space = lines(op, x, out);
        KernelWriter w = new KernelWriter(dialect, traits, "sort_load", space.wide() || wide(x, out));
        int local = element(w, x, x.shape().dim(op.axis()));
        w.lines(space.decode(w, "c", "l", space.rank()));
        Kind kind = x.dtype().kind();
        String from = space.offset(w, "c", 0, 0, space.rank()) + " + k * " + w.number("sx", x.stride(op.axis()));
        w.line(w.workspace("v", kind, 0) + "[i] = " + Types.load(x.dtype(), w.input(0, x.dtype()), from) + ";");
        w.line(w.workspace("p", Kind.I64, values) + "[i] = (i64)k;");
        return w.finish((x.elements() + local - 1) / local, local);
    }

    private static GeneratedKernel unload(Dialect dialect, DeviceTraits traits, SortOp op, TensorType x,
            List<TensorType> out, long place, long values) {
        Space space = lines(op, x, out);
        KernelWriter w = new KernelWriter(dialect, traits, "sort_store", space.wide() || wide(x, out));
        int local = element(w, x, x.shape().dim(op.axis()));
        w.lines(space.decode(w, "c", "l", space.rank()));
        String v = w.workspace("v", x.dtype().kind(), place) + "[i]";
        String to = space.offset(w, "c", 1, 0, space.rank()) + " + k * " + w.number("sy", out.get(0).stride(op.axis()));
        w.line(Types.store(w, x.dtype(), w.output(0, x.dtype()), to, v));
        String at = space.offset(w, "c", 2, 0, space.rank()) + " + k * " + w.number("sp", out.get(1).stride(op.axis()));
        w.line(w.output(1, DType.I64) + "[" + at + "] = " + w.workspace("p", Kind.I64, place + values) + "[i];");
        return w.finish((x.elements() + local - 1) / local, local);
    }

    private static GeneratedKernel merge(Dialect dialect, DeviceTraits traits, SortOp op, TensorType x, long width,
            long from, long values, long to) {
        KernelWriter w = new KernelWriter(dialect, traits, "sort_merge", x.elements() > Integer.MAX_VALUE / 2);
        Kind kind = x.dtype().kind();
        String t = Types.of(kind);
        long count = x.shape().dim(op.axis());
        int local = element(w, x, count);
        String v = w.workspace("v", kind, from);
        String p = w.workspace("p", Kind.I64, from + values);
        w.number("width", width);
        // NaN counts as larger than every number.
        String nan = kind.isFloating() ? " || (%2$s != %2$s && %1$s == %1$s)" : "";
        String order = "(%1$s < %2$s" + nan + ")";
        String before = op.descending() ? order.replace("%1", "%3").replace("%2", "%1").replace("%3", "%2") : order;
        w.line(t + " mine = " + v + "[i];");
        w.line("idx base = i - k;");
        w.line("idx start = k / (2 * width) * (2 * width);");
        w.line("int left = k - start < width;");
        w.line("idx low = left ? start + width : start;");
        w.line("idx high = low + width;");
        w.line("low = low < count ? low : count;").line("high = high < count ? high : count;");
        w.line("idx other = low;");
        // How many of the other run come before: of equals those of the left run.
        w.line("while (low < high) {");
        w.line("idx mid = low + (high - low) / 2;");
        w.line(t + " that = " + v + "[base + mid];");
        w.line("int first = left ? " + before.formatted("that", "mine") + " : !" + before.formatted("mine", "that")
                + ";");
        w.line("if (first) {").line("low = mid + 1;").line("} else {").line("high = mid;").line("}").line("}");
        w.line("idx place = base + (left ? k : k - width) + (low - other);");
        w.line(w.workspace("v2", kind, to) + "[place] = mine;");
        w.line(w.workspace("p2", Kind.I64, to + values) + "[place] = " + p + "[i];");
        return w.finish((x.elements() + local - 1) / local, local);
    }
}
