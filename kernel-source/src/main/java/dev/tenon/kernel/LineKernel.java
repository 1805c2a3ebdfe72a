package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;

/// The frame of kernels that go over the elements of each line several times, such as softmax and normalisations. A
/// line is what lies along some axes of a shape; every operand is read and written as if it had that shape. A line is
/// the work of one item, or of a group whose items share it out.
final class LineKernel {
    private static final int LANES = 16;

    /// An operand or result.
    ///
    /// @param output whether it is a result
    /// @param number its number among operands or results
    /// @param dtype its dtype
    /// @param strides those along all axes of the shape; 0 where it is broadcast
    record Place(boolean output, int number, DType dtype, long[] strides) {
        static Place in(int number, TensorType t, long... strides) {
            return new Place(false, number, t.dtype(), strides);
        }

        static Place out(int number, TensorType t, long... strides) {
            return new Place(true, number, t.dtype(), strides);
        }
    }

    /// A value that is combined over the elements of a line.
    ///
    /// @param name the variable that holds it
    /// @param start its value for no elements
    /// @param combine the text of two values combined
    record Fold(String name, String start, BinaryOperator<String> combine) {
        static Fold sum(String name) {
            return new Fold(name, "0", (a, b) -> a + " + " + b);
        }
    }

    final KernelWriter w;
    private final Kind kind;
    private final String type;
    private final List<Place> places;
    private final Space lines;
    private final Space along;
    private final boolean grouped;
    private final boolean lanes;
    private final int local;

    /// @param kind the kind in which values are combined
    /// @param shape the shape as which every operand is seen
    /// @param axes the axes along which lines lie
    LineKernel(Dialect dialect, DeviceTraits traits, String entry, Kind kind, Shape shape, Set<Integer> axes,
            List<Place> places) {
        this.kind = kind;
        this.type = Types.of(kind);
        this.places = List.copyOf(places);
        this.lines = space(shape, axes, false);
        this.along = space(shape, axes, true);
        boolean across = lines.rank() > 0 && innermost(lines, 1) && !innermost(along, 1);
        long n = along.elements();
        this.grouped = !traits.cpu() && !across && n >= 64;
        boolean alone = traits.cpu() && !across && n >= 2 * LANES;
        this.lanes = alone && along.inner() >= 2 * LANES;
        this.local = grouped ? traits.groupOf(n >= 4096 ? 1024 : 256) : alone ? 1 : traits.items();
        this.w = new KernelWriter(dialect, traits, entry, lines.wide() || along.wide()
                || new Space(shape.toArray(), places.stream().map(Place::strides).toList()).wide());
        begin();
    }

    private Space space(Shape shape, Set<Integer> axes, boolean inside) {
        Shape s = Shape.SCALAR;
        List<Integer> kept = new ArrayList<>();
        for (int a = 0; a < shape.rank(); a++) {
            if (axes.contains(a) == inside) {
                s = s.inserted(s.rank(), shape.dim(a));
                kept.add(a);
            }
        }
        return Space.merged(s, places.stream()
                .map(p -> kept.stream().mapToLong(a -> p.strides()[a]).toArray())
                .toList());
    }

    private static boolean innermost(Space space, long stride) {
        return space.strides().stream().anyMatch(s -> s.length > 0 && s[s.length - 1] == stride);
    }

    private void begin() {
        String n = w.number("lines", lines.elements());
        if (grouped) {
            w.line("LOCAL " + type + " shared[" + local + "];");
        }
        w.line("idx line = (idx)GROUP" + (grouped ? "" : " * " + local + " + (idx)ITEM") + ";");
        if (!grouped) {
            w.line("if (line >= " + n + ") {").line("return;").line("}");
        }
        w.lines(lines.decode(w, "k", "line", lines.rank()));
        for (int i = 0; i < places.size(); i++) {
            w.line("idx b" + i + " = " + lines.offset(w, "k", i, 0, lines.rank()) + ";");
        }
        w.number("inner", along.inner());
    }

    private long blocks() {
        return (lines.elements() + local - 1) / local;
    }

    /// The number of elements in a line, as a value of the kind.
    String count() {
        return "(" + type + ")" + w.number("count", along.elements());
    }

    private String pointer(Place p) {
        return p.output() ? w.output(p.number(), p.dtype()) : w.input(p.number(), p.dtype());
    }

    private String loaded(Place p, String at) {
        String x = Types.load(p.dtype(), pointer(p), at);
        return p.dtype().kind() == kind ? x : LambdaWriter.cast(w, kind.dtype(), p.dtype().kind(), x);
    }

    private String stored(Place p, String at, String value) {
        String v = p.dtype().kind() == kind ? value : LambdaWriter.cast(w, p.dtype(), kind, value);
        return Types.store(w, p.dtype(), pointer(p), at, v);
    }

    private String here(int i) {
        String at = along.offset(w, "r", i, 0, along.rank());
        return at.equals("0") ? "b" + i : "b" + i + " + " + at;
    }

    /// The value of an operand at this element, in the kind.
    String load(int place) {
        return loaded(places.get(place), here(place));
    }

    /// The statement that writes a result at this element.
    String store(int place, String value) {
        return stored(places.get(place), here(place), value);
    }

    /// The value of an operand that has one for each line.
    String ofLine(int place) {
        return loaded(places.get(place), "b" + place);
    }

    /// Writes a result that has one value for each line.
    void storeOfLine(int place, String value) {
        String s = stored(places.get(place), "b" + place, value);
        if (grouped) {
            w.line("if (ITEM == 0) {").line(s).line("}");
        } else {
            w.line(s);
        }
    }

    /// Does something with each element of the line.
    void each(Runnable body) {
        over(List.of(), () -> {
            body.run();
            return List.of();
        });
    }

    /// Combines values over the elements of the line; afterwards every item that works on the line has them.
    ///
    /// @param values writes statements and gives the values of an element, one for each fold
    void fold(List<Fold> folds, Supplier<List<String>> values) {
        for (Fold f : folds) {
            w.line(type + " " + f.name() + " = " + f.start() + ";");
        }
        over(folds, values);
        if (grouped) {
            folds.forEach(this::tree);
        }
    }

    private void take(Fold f, String into, String value) {
        w.line(into + " = " + f.combine().apply(into, value) + ";");
    }

    private void element(List<Fold> folds, Supplier<List<String>> values, String suffix) {
        List<String> v = values.get();
        for (int i = 0; i < folds.size(); i++) {
            take(folds.get(i), folds.get(i).name() + suffix, v.get(i));
        }
    }

    private void over(List<Fold> folds, Supplier<List<String>> values) {
        int rank = Math.max(1, along.rank());
        if (grouped) {
            w.line("for (idx u = (idx)ITEM; u < " + w.number("count", along.elements()) + "; u += " + local + ") {");
            w.lines(along.decode(w, "r", "u", rank));
            element(folds, values, "");
            w.line("}");
            return;
        }
        // Sums of parts are added up: long sums of single numbers lose more.
        boolean often = !lanes || along.inner() >= 512;
        w.line("{");
        if (!often) {
            open(folds);
        }
        if (rank > 1) {
            String outer = w.number("outer", along.elements() / along.inner());
            w.line("for (idx u = 0; u < " + outer + "; u++) {");
            w.lines(along.decode(w, "r", "u", rank - 1));
        }
        if (folds.isEmpty() || !often) {
            piece(folds, values, "r" + (rank - 1), "0", "inner");
        } else {
            int length = lanes ? 2048 : 64;
            w.line("for (idx low = 0; low < inner; low += " + length + ") {");
            w.line("idx high = low + " + length + " < inner ? low + " + length + " : inner;");
            open(folds);
            piece(folds, values, "r" + (rank - 1), "low", "high");
            close(folds);
            w.line("}");
        }
        if (rank > 1) {
            w.line("}");
        }
        if (!often) {
            close(folds);
        }
        w.line("}");
    }

    /// Declares accumulators for a piece of the line.
    private void open(List<Fold> folds) {
        for (Fold f : folds) {
            w.line(type + " " + f.name() + "0 = " + f.start() + ";");
            if (lanes) {
                w.line(type + " " + f.name() + "_[" + LANES + "];");
                w.line("for (int l = 0; l < " + LANES + "; l++) {").line(f.name() + "_[l] = " + f.start() + ";");
                w.line("}");
            }
        }
    }

    /// Takes what those accumulators hold.
    private void close(List<Fold> folds) {
        for (Fold f : folds) {
            if (lanes) {
                w.line("for (int l = 0; l < " + LANES + "; l++) {");
                take(f, f.name() + "0", f.name() + "_[l]");
                w.line("}");
            }
            take(f, f.name(), f.name() + "0");
        }
    }

    /// Goes over a piece of a line along the last axis.
    private void piece(List<Fold> folds, Supplier<List<String>> values, String at, String from, String to) {
        String start = from;
        if (lanes && !folds.isEmpty()) {
            w.line("idx " + at + "_ = " + from + ";");
            w.line("for (; " + at + "_ + " + LANES + " <= " + to + "; " + at + "_ += " + LANES + ") {");
            w.line("for (int l = 0; l < " + LANES + "; l++) {");
            w.line("idx " + at + " = " + at + "_ + l;");
            element(folds, values, "_[l]");
            w.line("}").line("}");
            start = at + "_";
        }
        w.line("for (idx " + at + " = " + start + "; " + at + " < " + to + "; " + at + "++) {");
        element(folds, values, "0");
        w.line("}");
    }

    private void tree(Fold f) {
        w.line("shared[ITEM] = " + f.name() + ";").line("BARRIER;");
        w.line("for (int half_ = " + local / 2 + "; half_ > 0; half_ /= 2) {");
        w.line("if (ITEM < half_) {");
        take(f, "shared[ITEM]", "shared[ITEM + half_]");
        w.line("}").line("BARRIER;").line("}");
        w.line(f.name() + " = shared[0];").line("BARRIER;");
    }

    GeneratedKernel finish() {
        return w.finish(grouped ? lines.elements() : blocks(), local);
    }
}
