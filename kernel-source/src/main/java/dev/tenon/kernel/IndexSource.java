package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Gather and scatter. Indices out of range are never followed: gather then gives 0, scatter leaves them out.
final class IndexSource {
    private IndexSource() {}

    static KernelPlan gather(Dialect dialect, DeviceTraits traits, GatherOp op, List<TensorType> in, TensorType out) {
        if (out.elements() == 0) {
            return KernelPlan.NOTHING;
        }
        TensorType x = in.get(0);
        TensorType index = in.get(1);
        long[] along = x.strides();
        long step = along.length == 0 ? 0 : along[op.axis()];
        if (along.length > 0) {
            along[op.axis()] = 0;
        }
        Space space = Space.merged(out.shape(), List.of(along, index.strides(), out.strides()));
        boolean wide = space.wide() || reach(x) > Integer.MAX_VALUE / 2;
        KernelWriter w = new KernelWriter(dialect, traits, "gather", wide);
        int local = traits.group(out.elements());
        w.line("idx i = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (i >= " + w.number("n", out.elements()) + ") {").line("return;").line("}");
        w.lines(space.decode(w, "c", "i", space.rank()));
        String at = space.offset(w, "c", 1, 0, space.rank());
        w.line("i64 at = (i64)" + w.input(1, index.dtype()) + "[" + at + "];");
        Kind kind = x.dtype().kind();
        w.line(Types.of(kind) + " v = 0;");
        w.line("if (at >= 0 && at < " + w.number("extent", extent(x, op.axis())) + ") {");
        String from = space.offset(w, "c", 0, 0, space.rank()) + " + (idx)at * " + w.number("step", step);
        w.line("v = " + Types.load(x.dtype(), w.input(0, x.dtype()), from) + ";").line("}");
        String to = space.offset(w, "c", 2, 0, space.rank());
        w.line(Types.store(w, out.dtype(), w.output(0, out.dtype()), to, "v"));
        return KernelPlan.of(w.finish((out.elements() + local - 1) / local, local));
    }

    private static long extent(TensorType t, int axis) {
        return t.rank() == 0 ? 1 : t.shape().dim(axis);
    }

    private static long reach(TensorType t) {
        return t.maxOffset() - t.minOffset();
    }

    /// First a copy of the input. Then one item for each line along the axis takes that line's sources in order: lines
    /// never share a destination, so nothing races and the last source wins, or sums are added, as if one after the
    /// other. Where lines are few, as in the gradient of an embedding, several items share a line: each takes the
    /// sources that go to its own range of destinations.
    static KernelPlan scatter(Dialect dialect, DeviceTraits traits, ScatterOp op, List<TensorType> in, TensorType out) {
        if (out.elements() == 0) {
            return KernelPlan.NOTHING;
        }
        TensorType x = in.get(0);
        TensorType index = in.get(1);
        TensorType source = in.get(2);
        DType dtype = x.dtype();
        List<GeneratedKernel> kernels = new ArrayList<>(MapSource.plan(
                dialect, traits, Lambda.identity(dtype), List.of(x), List.of(out)).kernels());
        if (index.elements() == 0) {
            return new KernelPlan(kernels, 0);
        }
        int axis = op.axis();
        Shape lines = index.rank() == 0 ? Shape.SCALAR : index.shape().without(axis);
        Space space = Space.merged(
                lines, List.of(without(index.strides(), axis), without(source.strides(), axis), without(out.strides(),
                        axis)));
        boolean wide = space.wide() || reach(out) > Integer.MAX_VALUE / 2 || reach(source) > Integer.MAX_VALUE / 2
                || index.elements() > Integer.MAX_VALUE / 2;
        KernelWriter w = new KernelWriter(dialect, traits, "scatter", wide);
        int local = traits.items();
        long n = lines.elements();
        long destinations = extent(out, axis);
        long busy = traits.cpu() ? 128L * traits.units() : 512L * traits.units();
        long ranges = extent(index, axis) < 64 ? 1 : Math.max(1, Math.min(Math.min(busy / n, destinations / 2), 256));
        w.line("idx e = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (e >= " + w.number("n", n) + " * " + w.number("ranges", ranges) + ") {").line("return;").line("}");
        w.line("idx l = e % n;");
        w.line("i64 low = (i64)(e / n) * " + w.number("range", (destinations + ranges - 1) / ranges) + ";");
        w.line("i64 high = low + range < " + w.number("extent", destinations) + " ? low + range : extent;");
        w.lines(space.decode(w, "c", "l", space.rank()));
        w.line("idx bi = " + space.offset(w, "c", 0, 0, space.rank()) + ";");
        w.line("idx bs = " + space.offset(w, "c", 1, 0, space.rank()) + ";");
        w.line("idx by = " + space.offset(w, "c", 2, 0, space.rank()) + ";");
        w.line("for (idx k = 0; k < " + w.number("count", extent(index, axis)) + "; k++) {");
        w.line("i64 at = (i64)" + w.input(1, index.dtype()) + "[bi + k * " + w.number("si", stride(index, axis))
                + "];");
        w.line("if (at < low || at >= high) {").line("continue;").line("}");
        Kind kind = dtype.kind();
        w.line(Types.of(kind) + " v = " + Types.load(dtype, w.input(2, dtype), "bs + k * "
                + w.number("ss", stride(source, axis))) + ";");
        w.line("idx p = by + (idx)at * " + w.number("sy", stride(out, axis)) + ";");
        String y = w.output(0, dtype);
        if (op.mode() != ScatterOp.Mode.SET) {
            w.line(Types.of(kind) + " before = " + Types.load(dtype, y, "p") + ";");
            w.line("v = " + combined(w, op.mode(), kind) + ";");
        }
        w.line(Types.store(w, dtype, y, "p", "v")).line("}");
        kernels.add(w.finish((n * ranges + local - 1) / local, local));
        return new KernelPlan(kernels, 0);
    }

    private static String combined(KernelWriter w, ScatterOp.Mode mode, Kind kind) {
        boolean truth = kind == Kind.BOOL;
        String t = Types.of(kind);
        return switch (mode) {
            case ADD -> truth ? "before | v" : LambdaWriter.arithmetic(kind, "before", "+", "v");
            case MUL -> truth ? "before & v" : LambdaWriter.arithmetic(kind, "before", "*", "v");
            case MAX -> truth ? "before | v" : w.call("max_" + t, "before", "v");
            case MIN -> truth ? "before & v" : w.call("min_" + t, "before", "v");
            case SET -> "v";
        };
    }

    private static long stride(TensorType t, int axis) {
        return t.rank() == 0 ? 0 : t.stride(axis);
    }

    static long[] without(long[] strides, int axis) {
        if (strides.length == 0) {
            return strides;
        }
        long[] s = Arrays.copyOf(strides, strides.length - 1);
        System.arraycopy(strides, axis + 1, s, axis, s.length - axis);
        return s;
    }
}
