package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.AvgPoolBackward;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import java.util.List;

/// Pooling, one item for each window; the gradient of maxima, one item for each plane; that of means, one item for each
/// position, which gathers from the windows that met it.
final class PoolSource {
    private PoolSource() {}

    static KernelPlan max(Dialect dialect, DeviceTraits traits, MaxPool op, TensorType x, List<TensorType> out) {
        TensorType y = out.getFirst();
        if (y.elements() == 0) {
            return KernelPlan.NOTHING;
        }
        WindowGeometry g = op.geometry();
        int axes = g.axes();
        Space space = new Space(y.shape().toArray(), List.of(x.strides(), y.strides(), out.get(1).strides()));
        KernelWriter w = new KernelWriter(dialect, traits, "max_pool",
                space.wide() || x.elements() > Integer.MAX_VALUE / 2 || x.maxOffset() > Integer.MAX_VALUE / 2);
        int local = traits.items();
        w.line("idx i = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (i >= " + w.number("n", y.elements()) + ") {").line("return;").line("}");
        w.lines(space.decode(w, "c", "i", space.rank()));
        w.line("idx plane = " + space.offset(w, "c", 0, 0, 2) + ";");
        Kind kind = x.dtype().kind();
        w.line(Types.of(kind) + " best = " + Types.extreme(kind, true) + ";").line("i64 at = -1;");
        StringBuilder from = new StringBuilder("plane");
        String position = "0";
        for (int a = 0; a < axes; a++) {
            String k = "k" + a;
            w.line("for (idx " + k + " = 0; " + k + " < " + w.number("kernel" + a, op.kernel().get(a)) + "; " + k
                    + "++) {");
            w.line("idx p" + a + " = c" + (a + 2) + " * " + w.number("stride" + a, g.stride().get(a))
                    + " + " + k + " * "
                    + w.number("dilation" + a, g.dilation().get(a)) + " - " + w.number("pad" + a, g.padLow().get(a))
                    + ";");
            w.line("if (p" + a + " < 0 || p" + a + " >= " + w.number("extent" + a, x.shape().dim(a + 2)) + ") {");
            w.line("continue;").line("}");
            from.append(" + p").append(a).append(" * ").append(w.number("s" + a, x.stride(a + 2)));
            position = "(" + position + ") * extent" + a + " + p" + a;
        }
        w.line(Types.of(kind) + " v = " + Types.load(x.dtype(), w.input(0, x.dtype()), from.toString()) + ";");
        w.line("if (at < 0 || v > best || (v != v && best == best)) {");
        w.line("best = v;").line("at = (i64)(" + position + ");").line("}");
        for (int a = 0; a < axes; a++) {
            w.line("}");
        }
        int rank = space.rank();
        w.line(Types.store(w, y.dtype(), w.output(0, y.dtype()), space.offset(w, "c", 1, 0, rank), "best"));
        w.line(w.output(1, DType.I64) + "[" + space.offset(w, "c", 2, 0, rank) + "] = at;");
        return KernelPlan.of(w.finish((y.elements() + local - 1) / local, local));
    }

    /// Windows of one plane may share positions: an item takes those of its plane one after the other.
    static KernelPlan maxBackward(Dialect dialect, DeviceTraits traits, MaxPoolBackward op, List<TensorType> in,
            TensorType out) {
        TensorType g = in.get(0);
        TensorType at = in.get(1);
        Shape planes = op.input().slice(0, 2);
        long windows = g.shape().slice(2, g.rank()).elements();
        long plane = op.input().slice(2, op.input().rank()).elements();
        KernelWriter w = new KernelWriter(dialect, traits, "max_pool_backward",
                Math.max(out.elements(), g.elements()) > Integer.MAX_VALUE / 2);
        int local = Math.min(traits.items(), traits.cpu() ? 8 : 128);
        w.line("idx b = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (b >= " + w.number("n", planes.elements()) + ") {").line("return;").line("}");
        DType dtype = g.dtype();
        String y = w.output(0, dtype);
        w.line("idx base = b * " + w.number("plane", plane) + ";");
        w.line("for (idx e = 0; e < plane; e++) {");
        w.line(Types.store(w, dtype, y, "base + e", "(" + Types.of(dtype.kind()) + ") 0")).line("}");
        w.line("for (idx o = 0; o < " + w.number("windows", windows) + "; o++) {");
        w.line("i64 at = " + w.input(1, at.dtype()) + "[b * windows + o];");
        w.line("if (at < 0 || at >= plane) {").line("continue;").line("}");
        w.line("idx p = base + (idx)at;");
        w.line(Types.of(dtype.kind()) + " v = " + Types.load(dtype, w.input(0, dtype), "b * windows + o") + ";");
        w.line(Types.of(dtype.kind()) + " sum = " + Types.load(dtype, y, "p") + " + v;");
        w.line(Types.store(w, dtype, y, "p", "sum")).line("}");
        return KernelPlan.of(w.finish((planes.elements() + local - 1) / local, local));
    }

    static KernelPlan mean(Dialect dialect, DeviceTraits traits, AvgPool op, TensorType x, TensorType y) {
        WindowGeometry g = op.geometry();
        Space space = new Space(y.shape().toArray(), List.of(x.strides(), y.strides()));
        KernelWriter w = new KernelWriter(dialect, traits, "avg_pool", space.wide() || reach(x) || reach(y));
        int local = traits.items();
        w.line("idx i = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (i >= " + w.number("n", y.elements()) + ") {").line("return;").line("}");
        w.lines(space.decode(w, "c", "i", space.rank()));
        w.line("idx plane = " + space.offset(w, "c", 0, 0, 2) + ";");
        Kind kind = x.dtype().kind();
        String t = Types.of(kind);
        w.line(t + " sum = 0;");
        StringBuilder from = new StringBuilder("plane");
        for (int a = 0; a < g.axes(); a++) {
            window(w, op, x.shape(), a, "c" + (a + 2));
            w.line("idx low" + a + " = start" + a + " > 0 ? start" + a + " : 0;");
            w.line("idx high" + a + " = start" + a + " + kernel" + a + " < extent" + a + " ? start" + a + " + kernel"
                    + a + " : extent" + a + ";");
            from.append(" + p").append(a).append(" * ").append(w.number("s" + a, x.stride(a + 2)));
        }
        for (int a = 0; a < g.axes(); a++) {
            w.line("for (idx p" + a + " = low" + a + "; p" + a + " < high" + a + "; p" + a + "++) {");
        }
        w.line("sum = " + LambdaWriter.arithmetic(kind, "sum", "+", Types.load(x.dtype(), w.input(0, x.dtype()),
                from.toString())) + ";");
        for (int a = 0; a < g.axes(); a++) {
            w.line("}");
        }
        String sum = kind.isFloating() ? "sum" : LambdaWriter.rounded(w, x.dtype(), "sum");
        w.line(t + " v = " + LambdaWriter.binary(w, BinaryFn.DIV, kind, sum, "(" + t + ")(" + counted(w, op) + ")")
                + ";");
        w.line(Types.store(w, y.dtype(), w.output(0, y.dtype()), space.offset(w, "c", 1, 0, space.rank()), "v"));
        return KernelPlan.of(w.finish((y.elements() + local - 1) / local, local));
    }

    private static boolean reach(TensorType t) {
        return t.maxOffset() - t.minOffset() > Integer.MAX_VALUE / 2;
    }

    /// Where window number `o` begins along a spatial axis, before what is not padding is known.
    private static void window(KernelWriter w, AvgPool op, Shape x, int a, String o) {
        WindowGeometry g = op.geometry();
        w.number("kernel" + a, op.kernel().get(a));
        w.number("extent" + a, x.dim(a + 2));
        w.line("idx start" + a + " = " + o + " * " + w.number("stride" + a, g.stride().get(a)) + " - "
                + w.number("pad" + a, g.padLow().get(a)) + ";");
        if (op.divisor().isEmpty()) {
            String last = op.countPadding()
                    ? w.number("last" + a, x.dim(a + 2) + g.padHigh().get(a))
                    : "extent" + a;
            String first = op.countPadding() ? "start" + a : "(start" + a + " > 0 ? start" + a + " : 0)";
            w.line("idx count" + a + " = (start" + a + " + kernel" + a + " < " + last + " ? start" + a + " + kernel"
                    + a + " : " + last + ") - " + first + ";");
        }
    }

    /// What the sum of a window is divided by.
    private static String counted(KernelWriter w, AvgPool op) {
        if (op.divisor().isPresent()) {
            return w.number("divisor", op.divisor().getAsLong());
        }
        StringBuilder s = new StringBuilder("count0");
        for (int a = 1; a < op.geometry().axes(); a++) {
            s.append(" * count").append(a);
        }
        return s.toString();
    }

    static KernelPlan meanBackward(Dialect dialect, DeviceTraits traits, AvgPoolBackward op, TensorType g,
            TensorType x) {
        AvgPool pool = op.pool();
        WindowGeometry geometry = pool.geometry();
        int axes = geometry.axes();
        Space space = new Space(x.shape().toArray(), List.of(g.strides(), x.strides()));
        KernelWriter w = new KernelWriter(dialect, traits, "avg_pool_backward",
                space.wide() || reach(x) || reach(g));
        int local = traits.items();
        w.line("idx i = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (i >= " + w.number("n", x.elements()) + ") {").line("return;").line("}");
        w.lines(space.decode(w, "c", "i", space.rank()));
        w.line("idx plane = " + space.offset(w, "c", 0, 0, 2) + ";");
        Kind kind = x.dtype().kind();
        String t = Types.of(kind);
        w.line(t + " sum = 0;");
        StringBuilder from = new StringBuilder("plane");
        for (int a = 0; a < axes; a++) {
            // In the text: dividing by a constant costs little.
            int kernel = pool.kernel().get(a);
            int stride = geometry.stride().get(a);
            String windows = w.number("windows" + a, g.shape().dim(a + 2));
            w.line("idx q" + a + " = c" + (a + 2) + " + " + w.number("pad" + a, geometry.padLow().get(a)) + ";");
            w.line("idx low" + a + " = q" + a + " < " + kernel + " ? 0 : (q" + a + " - " + kernel + ") / " + stride
                    + " + 1;");
            w.line("idx high" + a + " = q" + a + " / " + stride + " + 1;");
            w.line("high" + a + " = high" + a + " < " + windows + " ? high" + a + " : " + windows + ";");
            from.append(" + o").append(a).append(" * ").append(w.number("s" + a, g.stride(a + 2)));
        }
        for (int a = 0; a < axes; a++) {
            w.line("for (idx o" + a + " = low" + a + "; o" + a + " < high" + a + "; o" + a + "++) {");
            window(w, pool, x.shape(), a, "o" + a);
        }
        w.line("sum += " + Types.load(g.dtype(), w.input(0, g.dtype()), from.toString()) + " / (" + t + ")("
                + counted(w, pool) + ");");
        for (int a = 0; a < axes; a++) {
            w.line("}");
        }
        w.line(Types.store(w, x.dtype(), w.output(0, x.dtype()), space.offset(w, "c", 1, 0, space.rank()), "sum"));
        return KernelPlan.of(w.finish((x.elements() + local - 1) / local, local));
    }
}
