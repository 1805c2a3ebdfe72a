package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import java.util.List;

/// Maximum pooling, one item for each window, and its gradient, one item for each plane.
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
        int local = (int) Math.min(traits.cpu() ? 64 : 128, MapSource.powerOfTwo(y.elements()));
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
        int local = (int) Math.min(traits.cpu() ? 8 : 128, MapSource.powerOfTwo(planes.elements()));
        w.line("idx b = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (b >= " + w.number("n", planes.elements()) + ") {").line("return;").line("}");
        DType dtype = g.dtype();
        String y = w.output(0, dtype);
        w.line("idx base = b * " + w.number("plane", plane) + ";");
        w.line("for (idx e = 0; e < plane; e++) {");
        w.line(Types.store(w, dtype, y, "base + e", "0")).line("}");
        w.line("for (idx o = 0; o < " + w.number("windows", windows) + "; o++) {");
        w.line("i64 at = " + w.input(1, at.dtype()) + "[b * windows + o];");
        w.line("if (at < 0 || at >= plane) {").line("continue;").line("}");
        w.line("idx p = base + (idx)at;");
        w.line(Types.of(dtype.kind()) + " v = " + Types.load(dtype, w.input(0, dtype), "b * windows + o") + ";");
        w.line(Types.of(dtype.kind()) + " sum = " + Types.load(dtype, y, "p") + " + v;");
        w.line(Types.store(w, dtype, y, "p", "sum")).line("}");
        return KernelPlan.of(w.finish((planes.elements() + local - 1) / local, local));
    }
}
