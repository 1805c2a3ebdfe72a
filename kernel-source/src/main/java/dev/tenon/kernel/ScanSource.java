package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;

/// Scans along the lines of an axis, an item for each line. Where lines are few and long they are cut into parts: each
/// part is combined, the parts before each one are combined, and each part is scanned from there.
final class ScanSource {
    private final Dialect dialect;
    private final DeviceTraits traits;
    private final ScanOp op;
    private final TensorType x;
    private final List<TensorType> out;
    private final Space space;
    private final Kind kind;
    private final String type;
    private final boolean positions;
    private final long lines;
    private final long count;
    private final long parts;
    private final long places;

    private ScanSource(Dialect dialect, DeviceTraits traits, ScanOp op, TensorType x, List<TensorType> out) {
        this.dialect = dialect;
        this.traits = traits;
        this.op = op;
        this.x = x;
        this.out = out;
        this.space = lines(op.axis(), x, out);
        this.kind = x.dtype().kind();
        this.type = Types.of(kind);
        this.positions = out.size() > 1;
        this.lines = space.elements();
        this.count = x.shape().dim(op.axis());
        long busy = traits.cpu() ? 4L * traits.units() : 512L * traits.units();
        long most = traits.cpu() ? count / 4096 : (long) Math.sqrt(count / 4.0);
        this.parts = Math.max(1, Math.min(busy / lines, most));
        this.places = lines * parts * Types.bytes(kind) + 63 & -64;
    }

    /// The lines along an axis of an operand and of results of the same shape.
    static Space lines(int axis, TensorType x, List<TensorType> out) {
        List<long[]> strides = new ArrayList<>(List.of(IndexSource.without(x.strides(), axis)));
        out.forEach(t -> strides.add(IndexSource.without(t.strides(), axis)));
        return Space.merged(x.shape().without(axis), strides);
    }

    /// Whether positions in any of them may exceed 31 bits.
    static boolean wide(TensorType x, List<TensorType> out) {
        boolean wide = x.maxOffset() - x.minOffset() > Integer.MAX_VALUE / 2;
        for (TensorType t : out) {
            wide |= t.maxOffset() - t.minOffset() > Integer.MAX_VALUE / 2;
        }
        return wide;
    }

    static KernelPlan plan(Dialect dialect, DeviceTraits traits, ScanOp op, TensorType x, List<TensorType> out) {
        if (x.elements() == 0) {
            return KernelPlan.NOTHING;
        }
        ScanSource s = new ScanSource(dialect, traits, op, x, out);
        if (s.parts == 1) {
            return KernelPlan.of(s.scan());
        }
        return new KernelPlan(List.of(s.combine(), s.starts(), s.scan()),
                s.places + (s.positions ? s.lines * s.parts * 8 : 0));
    }

    private KernelWriter begin(String entry, boolean cut) {
        KernelWriter w = new KernelWriter(dialect, traits, entry, space.wide() || wide(x, out));
        String all = w.number("lines", lines);
        w.line("idx i = (idx)GROUP * " + traits.items() + " + (idx)ITEM;");
        if (!cut) {
            w.line("if (i >= " + all + ") {").line("return;").line("}").line("idx l = i;");
            return w;
        }
        w.line("if (i >= " + all + " * " + w.number("parts", parts) + ") {").line("return;").line("}");
        w.line("idx l = i % lines;").line("idx part = i / lines;");
        w.line("idx from = part * " + w.number("piece", (count + parts - 1) / parts) + ";");
        w.line("idx to = from + piece < " + w.number("count", count) + " ? from + piece : count;");
        return w;
    }

    private GeneratedKernel finish(KernelWriter w, long items) {
        return w.finish((items + traits.items() - 1) / traits.items(), traits.items());
    }

    private void start(KernelWriter w) {
        w.line(type + " acc = " + (op.reducer() == Reducer.PROD ? "1" : "0") + ";");
        w.line(positions ? "i64 at = -1;" : "");
    }

    /// Takes `v`, at position `place`, into `acc`.
    private void take(KernelWriter w, String place) {
        if (!positions) {
            String sign = op.reducer() == Reducer.SUM ? "+" : "*";
            w.line("acc = " + LambdaWriter.arithmetic(kind, "acc", sign, "v") + ";");
            return;
        }
        String better = op.reducer() == Reducer.MAX ? "v >= acc" : "v <= acc";
        String nan = kind.isFloating() ? " || v != v" : "";
        w.line("if (at < 0 || " + better + nan + ") {").line("acc = v;").line("at = " + place + ";").line("}");
    }

    private void element(KernelWriter w) {
        DType dtype = x.dtype();
        w.line(type + " v = " + Types.load(dtype, w.input(0, dtype), "b + k * " + w.number("sx", x.stride(op.axis())))
                + ";");
        take(w, "(i64)k");
    }

    private String value(KernelWriter w, String at) {
        return w.workspace("values", kind, 0) + "[" + at + "]";
    }

    private String place(KernelWriter w, String at) {
        return w.workspace("places", Kind.I64, places) + "[" + at + "]";
    }

    private GeneratedKernel combine() {
        KernelWriter w = begin("scan_parts", true);
        w.lines(space.decode(w, "c", "l", space.rank()));
        w.line("idx b = " + space.offset(w, "c", 0, 0, space.rank()) + ";");
        start(w);
        w.line("for (idx k = from; k < to; k++) {");
        element(w);
        w.line("}").line(value(w, "i") + " = acc;");
        w.line(positions ? place(w, "i") + " = at;" : "");
        return finish(w, lines * parts);
    }

    /// Replaces what each part gives by what all before it give.
    private GeneratedKernel starts() {
        KernelWriter w = begin("scan_starts", false);
        start(w);
        w.line("for (idx part = 0; part < " + w.number("parts", parts) + "; part++) {");
        w.line("idx e = part * lines + l;");
        w.line(type + " v = " + value(w, "e") + ";").line(value(w, "e") + " = acc;");
        if (positions) {
            // The last parts of a line may be empty.
            w.line("i64 of = " + place(w, "e") + ";").line(place(w, "e") + " = at;").line("if (of >= 0) {");
            take(w, "of");
            w.line("}");
        } else {
            take(w, "");
        }
        w.line("}");
        return finish(w, lines);
    }

    private GeneratedKernel scan() {
        KernelWriter w = begin("scan", parts > 1);
        w.lines(space.decode(w, "c", "l", space.rank()));
        w.line("idx b = " + space.offset(w, "c", 0, 0, space.rank()) + ";");
        for (int o = 0; o < out.size(); o++) {
            w.line("idx b" + o + " = " + space.offset(w, "c", o + 1, 0, space.rank()) + ";");
        }
        if (parts > 1) {
            w.line(type + " acc = " + value(w, "i") + ";");
            w.line(positions ? "i64 at = " + place(w, "i") + ";" : "");
            w.line("for (idx k = from; k < to; k++) {");
        } else {
            start(w);
            w.line("for (idx k = 0; k < " + w.number("count", count) + "; k++) {");
        }
        element(w);
        int axis = op.axis();
        w.line(Types.store(w, x.dtype(), w.output(0, x.dtype()),
                "b0 + k * " + w.number("sy", out.get(0).stride(axis)), "acc"));
        if (positions) {
            w.line(w.output(1, DType.I64) + "[b1 + k * " + w.number("sp", out.get(1).stride(axis)) + "] = at;");
        }
        w.line("}");
        return finish(w, lines * parts);
    }
}
