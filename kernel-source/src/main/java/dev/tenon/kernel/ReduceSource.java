package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;

/// Reductions. The reduced elements of each result are dealt to `parts` parts, each the work of one item or of one
/// group; with more than one part, partial results go to scratch memory and a second kernel combines them.
final class ReduceSource {
    private static final int LANES = 16;

    private final Dialect dialect;
    private final DeviceTraits traits;
    private final ReduceOp op;
    private final List<TensorType> in;
    private final TensorType out;
    private final List<Integer> read = new ArrayList<>();
    private final Space kept;
    private final Space reduced;
    private final Kind kind;
    private final boolean arg;

    private ReduceSource(Dialect dialect, DeviceTraits traits, ReduceOp op, List<TensorType> in, TensorType out) {
        this.dialect = dialect;
        this.traits = traits;
        this.op = op;
        this.in = in;
        this.out = out;
        this.arg = op.reducer().isArg();
        Shape all = in.getFirst().shape();
        for (TensorType t : in) {
            all = Shape.broadcast(op.name(), all, t.shape());
        }
        Shape keptShape = Shape.SCALAR;
        Shape reducedShape = Shape.SCALAR;
        List<List<Long>> keptStrides = new ArrayList<>();
        List<List<Long>> reducedStrides = new ArrayList<>();
        List<long[]> full = new ArrayList<>();
        for (int i = 0; i < in.size(); i++) {
            if (op.prologue().reads(i)) {
                read.add(i);
                full.add(in.get(i).broadcastStrides(all));
                keptStrides.add(new ArrayList<>());
                reducedStrides.add(new ArrayList<>());
            }
        }
        List<Long> results = new ArrayList<>();
        int at = 0;
        for (int a = 0; a < all.rank(); a++) {
            boolean gone = op.axes().contains(a);
            if (gone) {
                reducedShape = reducedShape.inserted(reducedShape.rank(), all.dim(a));
            } else {
                keptShape = keptShape.inserted(keptShape.rank(), all.dim(a));
                results.add(out.stride(at));
            }
            at += gone && !op.keepDims() ? 0 : 1;
            for (int i = 0; i < full.size(); i++) {
                (gone ? reducedStrides : keptStrides).get(i).add(full.get(i)[a]);
            }
        }
        List<long[]> k = new ArrayList<>(keptStrides.stream().map(ReduceSource::array).toList());
        k.add(array(results));
        this.kept = Space.merged(keptShape, k);
        this.reduced = Space.merged(reducedShape, reducedStrides.stream().map(ReduceSource::array).toList());
        this.kind = switch (op.reducer()) {
            case ANY, ALL -> Kind.BOOL;
            case SUM, PROD -> op.prologue().dtype() == DType.BOOL ? Kind.I64 : op.prologue().dtype().kind();
            default -> op.prologue().dtype().kind();
        };
    }

    private static long[] array(List<Long> list) {
        return list.stream().mapToLong(Long::longValue).toArray();
    }

    static KernelPlan plan(Dialect dialect, DeviceTraits traits, ReduceOp op, List<TensorType> in, TensorType out) {
        return out.elements() == 0 ? KernelPlan.NOTHING : new ReduceSource(dialect, traits, op, in, out).plan();
    }

    private KernelPlan plan() {
        long results = kept.elements();
        long n = reduced.elements();
        long busy = traits.cpu() ? 4L * traits.units() : 512L * traits.units();
        // Neighbouring results lie together in memory but what is combined does not: an item for each result reads
        // whole lines. So it does where there are plenty of results anyway, or little to combine.
        boolean across = kept.rank() > 0 && read.stream().anyMatch(i -> innerStride(kept, i) == 1)
                && read.stream().noneMatch(i -> innerStride(reduced, i) == 1);
        boolean items = traits.cpu() || across || n < 64;
        int local = items
                ? traits.items()
                : traits.groupOf(256);
        if (items && traits.cpu() && !across && reduced.inner() >= 2 * LANES) {
            local = 1;
        }
        boolean columns = traits.cpu() && across && !arg && kept.inner() >= LANES / 2;
        long atWork = columns ? blocks() : items ? results : results * local;
        long least = traits.cpu() ? 8192 : items ? 256 : 4096;
        long parts = atWork >= busy ? 1 : Math.max(1, Math.min(Math.min(n / least, busy / atWork), 1024));
        GeneratedKernel first = columns ? columns(parts) : combine(items, local, parts, across);
        if (parts == 1) {
            return new KernelPlan(List.of(first), 0);
        }
        long values = results * parts * Types.bytes(kind) + 63 & -64;
        long bytes = values + (arg ? results * parts * 8 : 0);
        return new KernelPlan(List.of(first, finish(parts)), bytes);
    }

    private long innerStride(Space space, int operand) {
        long[] s = space.strides().get(read.indexOf(operand));
        return s.length == 0 ? 0 : s[s.length - 1];
    }

    private long blocks() {
        return kept.elements() / kept.inner() * ((kept.inner() + LANES - 1) / LANES);
    }

    /// Combines the elements of each part for several neighbouring results at once, which lie in one vector.
    private GeneratedKernel columns(long parts) {
        KernelWriter w = new KernelWriter(dialect, traits, "reduce_columns", kept.wide() || reduced.wide()
                || whole().wide());
        String t = Types.of(kind);
        int last = kept.rank() - 1;
        String across = w.number("across", kept.inner());
        w.line("idx part = (idx)GROUP / " + w.number("blocks", blocks()) + ";");
        w.line("idx block = (idx)GROUP % blocks;");
        w.line("idx row = block / " + w.number("broad", (kept.inner() + LANES - 1) / LANES) + ";");
        w.line("idx k" + last + " = block % broad * " + LANES + ";");
        w.lines(kept.decode(w, "k", "row", last));
        w.line("int width = " + across + " - k" + last + " < " + LANES + " ? (int)(" + across + " - k" + last + ") : "
                + LANES + ";");
        for (int i = 0; i < read.size(); i++) {
            w.line("idx b" + i + " = " + kept.offset(w, "k", i, 0, kept.rank()) + ";");
        }
        w.line(t + " many[" + LANES + "];");
        w.line("for (int l = 0; l < " + LANES + "; l++) {").line("many[l] = " + identity() + ";").line("}");
        int rank = Math.max(1, reduced.rank());
        w.line("for (idx u = part; u < " + w.number("units", reduced.elements()) + "; u += "
                + w.number("step", parts) + ") {");
        w.lines(reduced.decode(w, "r", "u", rank));
        w.line("for (int l = 0; l < width; l++) {");
        element(w, "many[l]", reduced.rank(), true);
        w.line("}").line("}");
        w.line("for (int l = 0; l < width; l++) {");
        if (parts == 1) {
            int place = kept.strides().size() - 1;
            String at = kept.offset(w, "k", place, 0, kept.rank())
                    + lane(w, "out", kept.strides().get(place)[last]);
            w.line(Types.store(w, out.dtype(), w.output(0, out.dtype()), at, "many[l]"));
        } else {
            w.line(w.workspace("partial", kind, 0) + "[part * " + w.number("results", kept.elements()) + " + row * "
                    + across + " + k" + last + " + l] = many[l];");
        }
        w.line("}");
        return w.finish(blocks() * parts, 1);
    }

    /// What lane `l` of neighbouring results adds to a position.
    private static String lane(KernelWriter w, String name, long stride) {
        return stride == 0 ? "" : stride == 1 ? " + l" : " + l * " + w.number("lane_" + name, stride);
    }

    /// Combines the elements of each part.
    private GeneratedKernel combine(boolean items, int local, long parts, boolean across) {
        KernelWriter w = new KernelWriter(dialect, traits, "reduce", kept.wide() || reduced.wide()
                || whole().wide());
        long results = kept.elements();
        // A unit is what is done between two looks at where we are: a piece of a line along the last reduced axis.
        boolean lanes = traits.cpu() && !arg && !across && reduced.inner() >= 2 * LANES;
        long piece = items ? 4096 : 1;
        long pieces = (reduced.inner() + piece - 1) / piece;
        long units = reduced.inner() == 0 ? 0 : reduced.elements() / reduced.inner() * pieces;
        String n = w.number("results", results);
        long groups;
        if (items) {
            groups = (results + local - 1) / local * parts;
            w.number("blocks", (results + local - 1) / local);
            w.line("idx part = (idx)GROUP / blocks;");
            w.line("idx o = (idx)GROUP % blocks * " + local + " + (idx)ITEM;");
            w.line("if (o >= " + n + ") {").line("return;").line("}");
        } else {
            groups = results * parts;
            w.line("idx part = (idx)GROUP / " + n + ";").line("idx o = (idx)GROUP % " + n + ";");
        }
        w.lines(kept.decode(w, "k", "o", kept.rank()));
        for (int i = 0; i < read.size(); i++) {
            w.line("idx b" + i + " = " + kept.offset(w, "k", i, 0, kept.rank()) + ";");
        }
        String t = Types.of(kind);
        w.line(t + " acc = " + identity() + ";");
        if (arg) {
            w.line("i64 at = -1;");
        }
        if (lanes) {
            w.line(t + " many[" + LANES + "];");
            w.line("for (int l = 0; l < " + LANES + "; l++) {").line("many[l] = " + identity() + ";").line("}");
        }
        String first = items ? "part" : "part * " + local + " + (idx)ITEM";
        String step = w.number("step", items ? parts : parts * local);
        w.line("for (idx u = " + first + "; u < " + w.number("units", units) + "; u += " + step + ") {");
        int rank = reduced.rank();
        String last = "r" + Math.max(0, rank - 1);
        if (items) {
            w.number("pieces", pieces);
            w.number("inner", reduced.inner());
            w.line("idx line = u / pieces;");
            w.line("idx from = u % pieces * " + piece + ";");
            w.line("idx to = from + " + piece + " < inner ? from + " + piece + " : inner;");
            w.lines(reduced.decode(w, "r", "line", rank - 1));
            if (lanes) {
                w.line("idx " + last + "_ = from;");
                w.line("for (; " + last + "_ + " + LANES + " <= to; " + last + "_ += " + LANES + ") {");
                w.line("for (int l = 0; l < " + LANES + "; l++) {");
                w.line("idx " + last + " = " + last + "_ + l;");
                element(w, "many[l]", rank, false);
                w.line("}").line("}");
                w.line("for (idx " + last + " = " + last + "_; " + last + " < to; " + last + "++) {");
            } else {
                w.line("for (idx " + last + " = from; " + last + " < to; " + last + "++) {");
            }
            element(w, "acc", rank, false);
            w.line("}");
        } else {
            w.lines(reduced.decode(w, "r", "u", Math.max(1, rank)));
            element(w, "acc", rank, false);
        }
        w.line("}");
        if (lanes) {
            w.line("for (int l = 0; l < " + LANES + "; l++) {");
            fold(w, "many[l]", "0");
            w.line("}");
        }
        if (!items) {
            tree(w, local);
            w.line("if (ITEM != 0) {").line("return;").line("}");
        }
        if (parts == 1) {
            store(w);
        } else {
            String p = w.workspace("partial", kind, 0);
            w.line(p + "[part * " + n + " + o] = acc;");
            if (arg) {
                w.line(w.workspace("positions", Kind.I64, positionsAt(parts)) + "[part * " + n + " + o] = at;");
            }
        }
        return w.finish(groups, local);
    }

    /// All axes, to see how far positions reach.
    private Space whole() {
        long[] dims = new long[kept.rank() + reduced.rank()];
        System.arraycopy(kept.dims(), 0, dims, 0, kept.rank());
        System.arraycopy(reduced.dims(), 0, dims, kept.rank(), reduced.rank());
        List<long[]> strides = new ArrayList<>();
        for (int i = 0; i < read.size(); i++) {
            long[] s = new long[dims.length];
            System.arraycopy(kept.strides().get(i), 0, s, 0, kept.rank());
            System.arraycopy(reduced.strides().get(i), 0, s, kept.rank(), reduced.rank());
            strides.add(s);
        }
        return new Space(dims, strides);
    }

    private long positionsAt(long parts) {
        return kept.elements() * parts * Types.bytes(kind) + 63 & -64;
    }

    /// Takes one element into an accumulator.
    private void element(KernelWriter w, String acc, int rank, boolean lanes) {
        Lambda prologue = op.prologue();
        LambdaWriter lambda = new LambdaWriter(w, prologue, "t", i -> {
            int at = read.indexOf(i);
            String offset = "b" + at + " + " + reduced.offset(w, "r", at, 0, rank)
                    + (lanes ? lane(w, "x" + at, innerStride(kept, i)) : "");
            return Types.load(in.get(i).dtype(), w.input(i, in.get(i).dtype()), offset);
        }, _ -> {
            throw new IllegalArgumentException("a reduction's prologue with positions");
        });
        w.lines(lambda.statements());
        DType dtype = prologue.dtype();
        String value = LambdaWriter.rounded(w, dtype, lambda.result(0));
        if (dtype.kind() != kind) {
            value = LambdaWriter.cast(w, kind.dtype(), dtype.kind(), value);
        }
        w.line(Types.of(kind) + " v = " + value + ";");
        if (arg) {
            fold(w, "v", rank == 0 ? "0" : "(i64)r" + (rank - 1));
        } else {
            w.line(acc + " = " + combined(w, acc, "v") + ";");
        }
    }

    /// Takes a value, with its position for those that want one, into `acc`.
    private void fold(KernelWriter w, String v, String at) {
        if (!arg) {
            w.line("acc = " + combined(w, "acc", v) + ";");
            return;
        }
        String sign = op.reducer() == Reducer.ARGMAX ? " > " : " < ";
        String better = v + sign + "acc";
        String same = v + " == acc";
        if (kind.isFloating()) {
            better = "(" + v + " != " + v + " && acc == acc) || " + better;
            same = "(" + same + " || (" + v + " != " + v + " && acc != acc))";
        }
        w.line("if (" + at + " >= 0 && (at < 0 || " + better + " || (" + same + " && " + at + " < at))) {");
        w.line("acc = " + v + ";").line("at = " + at + ";").line("}");
    }

    private String combined(KernelWriter w, String a, String b) {
        return switch (op.reducer()) {
            case SUM -> LambdaWriter.arithmetic(kind, a, "+", b);
            case PROD -> LambdaWriter.arithmetic(kind, a, "*", b);
            case MAX, MIN -> kind == Kind.BOOL
                    ? a + (op.reducer() == Reducer.MAX ? " | " : " & ") + b
                    : w.call((op.reducer() == Reducer.MAX ? "max_" : "min_") + Types.of(kind), a, b);
            case ANY -> a + " | " + b;
            case ALL -> a + " & " + b;
            case ARGMAX, ARGMIN -> throw new IllegalStateException("positions are folded");
        };
    }

    private String identity() {
        return switch (op.reducer()) {
            case SUM, ANY -> "0";
            case PROD, ALL -> "1";
            case MAX, ARGMAX -> Types.extreme(kind, true);
            case MIN, ARGMIN -> Types.extreme(kind, false);
        };
    }

    /// Combines the accumulators of a group's items in the first: where neighbours can exchange values, those first.
    private void tree(KernelWriter w, int local) {
        int near = dialect.shuffled();
        if (near > 0 && local % near == 0 && local / near <= near) {
            shuffle(w, near / 2);
            if (local > near) {
                shared(w, local / near, "ITEM % " + near + " == 0", "ITEM / " + near);
                w.line("BARRIER;").line("if (ITEM < " + near + ") {");
                w.line("acc = ITEM < " + local / near + " ? shared[ITEM] : " + identity() + ";");
                w.line(arg ? "at = ITEM < " + local / near + " ? where[ITEM] : -1;" : "");
                shuffle(w, Integer.highestOneBit(local / near - 1));
                w.line("}");
            }
            return;
        }
        shared(w, local, "", "ITEM");
        w.line("BARRIER;");
        w.line("for (int half_ = " + local / 2 + "; half_ > 0; half_ /= 2) {");
        w.line("if (ITEM < half_) {");
        fold(w, "shared[ITEM + half_]", "where[ITEM + half_]");
        w.line("shared[ITEM] = acc;");
        if (arg) {
            w.line("where[ITEM] = at;");
        }
        w.line("}").line("BARRIER;").line("}");
    }

    /// Puts accumulators into memory that the group shares.
    private void shared(KernelWriter w, int count, String condition, String place) {
        w.line("LOCAL " + Types.of(kind) + " shared[" + count + "];");
        w.line(arg ? "LOCAL i64 where[" + count + "];" : "");
        if (!condition.isEmpty()) {
            w.line("if (" + condition + ") {");
        }
        w.line("shared[" + place + "] = acc;");
        w.line(arg ? "where[" + place + "] = at;" : "");
        if (!condition.isEmpty()) {
            w.line("}");
        }
    }

    /// Combines the accumulators of items that exchange values.
    private void shuffle(KernelWriter w, int from) {
        w.line("for (int half_ = " + from + "; half_ > 0; half_ /= 2) {");
        w.line(Types.of(kind) + " other = SHUFFLE_DOWN(acc, half_);");
        w.line(arg ? "i64 other_at = SHUFFLE_DOWN(at, half_);" : "");
        fold(w, "other", "other_at");
        w.line("}");
    }

    private void store(KernelWriter w) {
        String at = kept.offset(w, "k", kept.strides().size() - 1, 0, kept.rank());
        String value = arg ? "at" : "acc";
        w.line(Types.store(w, out.dtype(), w.output(0, out.dtype()), at, value));
    }

    /// Combines the parts, one item for each result.
    private GeneratedKernel finish(long parts) {
        KernelWriter w = new KernelWriter(dialect, traits, "reduce_parts", kept.wide()
                || kept.elements() * parts > Integer.MAX_VALUE / 2);
        int local = traits.items();
        String n = w.number("results", kept.elements());
        w.line("idx o = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (o >= " + n + ") {").line("return;").line("}");
        w.line(Types.of(kind) + " acc = " + identity() + ";");
        if (arg) {
            w.line("i64 at = -1;");
        }
        String p = w.workspace("partial", kind, 0);
        String q = arg ? w.workspace("positions", Kind.I64, positionsAt(parts)) : "";
        w.line("for (idx part = 0; part < " + w.number("parts", parts) + "; part++) {");
        fold(w, p + "[part * " + n + " + o]", arg ? q + "[part * " + n + " + o]" : "0");
        w.line("}");
        w.lines(kept.decode(w, "k", "o", kept.rank()));
        store(w);
        return w.finish((kept.elements() + local - 1) / local, local);
    }
}
