package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.TensorType;
import dev.tenon.kernel.AttentionTile.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Attention and its gradients, a tile of scores at a time: the matrix of all scores never exists. Each group owns some
/// rows and goes over the tiles of the other side in order, so nothing is added up by chance.
///
/// Source of the running maximum and sum: Milakov and Gimelshein, 2018; of the tiling: Dao et al., 2022.
final class AttentionSource {
    private final Dialect dialect;
    private final DeviceTraits traits;
    private final Attention op;
    private final DType dtype;
    private final Kind kind;
    private final String type;
    /// Operands, then results.
    private final List<TensorType> all;
    private final int inputs;
    private final int mask;
    /// Those of each operand and result over `[batch..., row, column]`.
    private final List<long[]> strides = new ArrayList<>();
    private final int batchRank;
    private final Space outer;
    private final long batch;
    private final long queries;
    private final long keys;
    private final int width;
    private final int values;
    private final boolean wide;
    private final List<GeneratedKernel> kernels = new ArrayList<>();
    private long workspace;

    private AttentionSource(Dialect dialect, DeviceTraits traits, Attention op, boolean backward, boolean masked,
            List<TensorType> in, List<TensorType> out) {
        this.dialect = dialect;
        this.traits = traits;
        this.op = op;
        this.inputs = in.size();
        this.all = new ArrayList<>(in);
        all.addAll(out);
        this.mask = masked ? backward ? 6 : 3 : -1;
        int first = backward ? 1 : 0;
        TensorType q = in.get(first);
        this.dtype = q.dtype();
        this.kind = dtype.kind();
        this.type = Types.of(kind);
        this.batchRank = q.rank() - 2;
        Shape batches = q.shape().slice(0, batchRank);
        this.batch = batches.elements();
        this.queries = q.shape().dim(-2);
        this.keys = in.get(first + 1).shape().dim(-2);
        this.width = Math.toIntExact(q.shape().dim(-1));
        this.values = Math.toIntExact(in.get(first + 2).shape().dim(-1));
        boolean large = batch * queries * keys > Integer.MAX_VALUE / 2;
        for (int i = 0; i < all.size(); i++) {
            TensorType t = all.get(i);
            strides.add(i == mask ? t.broadcastStrides(batches.concat(Shape.of(queries, keys)))
                    : Arrays.copyOf(t.strides(), batchRank + 2));
            large |= t.maxOffset() - t.minOffset() > Integer.MAX_VALUE / 4;
        }
        this.wide = large;
        this.outer = Space.merged(batches, strides.stream().map(s -> Arrays.copyOf(s, batchRank)).toList());
    }

    /// The plan, or empty where rows are too long for local memory.
    static Optional<KernelPlan> forward(Dialect dialect, DeviceTraits traits, Attention op, List<TensorType> in,
            List<TensorType> out) {
        AttentionSource s = new AttentionSource(dialect, traits, op, false, in.size() > 3, in, out);
        return s.tile(false).map(s::forward);
    }

    /// The plan, or empty where rows are too long for local memory.
    static Optional<KernelPlan> backward(Dialect dialect, DeviceTraits traits, AttentionBackward op,
            List<TensorType> in, List<TensorType> out) {
        boolean masked = op.isMasked(in.size());
        AttentionSource s = new AttentionSource(dialect, traits, op.attention(), true, masked, in, out);
        return s.tile(true).map(s::backward);
    }

    private Optional<AttentionTile> tile(boolean backward) {
        if (traits.cpu()) {
            if (Math.max(width, values) > 1024) {
                return Optional.empty();
            }
            int lanes = Math.max(2, Math.min(16, kind == Kind.F64 ? traits.lanes() / 2 : traits.lanes()));
            return Optional.of(new AttentionTile(backward ? 16 : 32, 64, 1, 1, 4, dialect.vectors() ? 2 * lanes : 16,
                    dialect.vectors() ? lanes : 0, false));
        }
        int side = traits.groupOf(256) < 256 ? 8 : 16;
        boolean mma = dtype.bytes() == 2 && traits.multiplies(dtype);
        int[][] patches = {{4, 4}, {2, 4}, {2, 2}, {1, 2}, {1, 1}};
        for (int[] p : patches) {
            AttentionTile t = new AttentionTile(side * p[0], side * p[1], side, side, p[0], p[1], 0, mma);
            long r = t.rows();
            long c = t.columns() + 1;
            long w = t.padded(width);
            long v = t.padded(values);
            long elements = backward
                    ? r * (width + values) + (width + values) * c + 2 * r * c + c * (w + v) + r * (w + v) + 4 * c
                    : r * width + width * c + c * v + r * c + r * v + 4 * r;
            if (elements * Types.bytes(kind) <= traits.localBytes()) {
                return Optional.of(t);
            }
        }
        return Optional.empty();
    }

    /// Writes the text of one kernel.
    private final class Body {
        final KernelWriter w;
        final AttentionTile t;
        final boolean transposed;

        /// @param count the number of rows on the side whose rows the group owns
        /// @param used the operands and results in use
        /// @param transposed whether these are keys
        Body(String entry, AttentionTile t, long count, List<Integer> used, boolean transposed) {
            this.w = new KernelWriter(dialect, traits, entry, wide);
            this.t = t;
            this.transposed = transposed;
            String tiles = w.number("tiles", (count + t.rows() - 1) / t.rows());
            w.number("queries", queries);
            w.number("keys", keys);
            w.line("int item = (int)ITEM;");
            w.line("int x = item % " + t.x() + ";").line("int y = item / " + t.x() + ";");
            w.line("idx b = (idx)GROUP / " + tiles + ";");
            // The last rows of a causal attention have the most to do, the last keys the least.
            w.line("idx tile = (idx)GROUP % " + tiles + ";");
            w.line("idx i0 = " + (op.causal() && !transposed ? "(" + tiles + " - 1 - tile)" : "tile") + " * " + t.rows()
                    + ";");
            base(w, used);
        }

        /// The number of the row that this group owns, among queries or keys.
        String rowCount() {
            return transposed ? "keys" : "queries";
        }

        String columnCount() {
            return transposed ? "queries" : "keys";
        }

        /// The stride of a tile of scores.
        int columns() {
            return t.columns() + (traits.cpu() ? 0 : 1);
        }

        Array array(String name, int rows, int stride) {
            w.line((traits.cpu() ? "" : "LOCAL ") + type + " " + name + "[" + rows * stride + "];");
            return new Array(name, stride);
        }

        /// An array for what the group reads of the other side; null where that lies packed in scratch memory.
        @Nullable Array shared(String name, int rows, int stride) {
            return traits.cpu() ? null : array(name, rows, stride);
        }

        /// Begins the loop over the tiles of the other side, as far as they matter.
        void steps() {
            w.line("idx step = 0;").line("idx end = " + columnCount() + ";");
            if (op.causal() && transposed) {
                w.line("step = i0 / " + t.columns() + ";");
            } else if (op.causal()) {
                w.line("end = i0 + " + t.rows() + " < keys ? i0 + " + t.rows() + " : keys;");
            }
            w.line("for (; step * " + t.columns() + " < end; step++) {");
            w.line("idx j0 = step * " + t.columns() + ";");
        }

        /// The numbers of `n` rows from `first`, 0 beyond `count`.
        void numbers(String name, int operand, String first, String count, int n) {
            w.line(traits.cpu() ? "for (int r = 0; r < " + n + "; r++) {"
                    : "for (int r = item; r < " + n + "; r += " + t.local() + ") {");
            w.line(name + "[r] = " + first + " + r < " + count + " ? " + load(w, operand, first + " + r", "0")
                    + " : 0;").line("}");
        }

        /// Makes of the gradients of the weights, in `gp`, those of the products of queries and keys.
        void gradients(Array s, Array gp) {
            String scale = Types.constant(kind, Double.doubleToLongBits(op.scale()));
            each(t.rows(), t.columns(), () -> w.line(gp.at("r", "j") + " = " + s.at("r", "j") + " * ("
                    + gp.at("r", "j") + " - along[" + (transposed ? "j" : "r") + "]) * " + scale + ";"));
        }

        /// Writes what the group has computed.
        void write(Array from, int result, int columns) {
            each(t.rows(), columns, () -> w.line("if (i0 + r < " + rowCount() + ") {")
                    .line(store(w, result, "i0 + r", "j", from.at("r", "j"))).line("}"));
        }

        void sync() {
            w.line(traits.cpu() ? "" : "BARRIER;");
        }

        /// Does something at each place `(r, j)` of a tile.
        void each(int rows, int columns, Runnable body) {
            if (traits.cpu()) {
                w.line("for (int r = 0; r < " + rows + "; r++) {").line("for (int j = 0; j < " + columns + "; j++) {");
                body.run();
                w.line("}").line("}");
                return;
            }
            w.line("for (int e = item; e < " + rows * columns + "; e += " + t.local() + ") {");
            w.line("int r = e / " + columns + ", j = e % " + columns + ";");
            body.run();
            w.line("}");
        }

        /// Does something for each row `r` that the group owns.
        void eachRow(Runnable body) {
            w.line(traits.cpu() ? "for (int r = 0; r < " + t.rows() + "; r++) {"
                    : "for (int r = item; r < " + t.rows() + "; r += " + t.local() + ") {");
            body.run();
            w.line("}");
        }

        /// Rows of an operand from `first`, 0 beyond `count` rows and in columns that are padding.
        void fill(Array to, int operand, String first, String count, int rows, int columns, int padded) {
            String held = padded > columns ? "j < " + columns + " && " : "";
            each(rows, padded, () -> w.line(to.at("r", "j") + " = " + held + first + " + r < " + count + " ? "
                    + load(w, operand, first + " + r", "j") + " : 0;"));
        }

        /// The same with rows as columns.
        void fillTurned(Array to, int operand, String first, String count, int rows, int columns) {
            each(rows, columns, () -> w.line(to.at("j", "r") + " = " + first + " + r < " + count + " ? "
                    + load(w, operand, first + " + r", "j") + " : 0;"));
        }

        void clear(Array a, int rows, int columns) {
            each(rows, columns, () -> w.line(a.at("r", "j") + " = 0;"));
        }

        /// `to = start + a x b`; see [AttentionTile#product].
        void product(Array to, Array a, Array b, int depth, int columns, String factor) {
            t.product(w, dtype, to, a, b, depth, columns, factor);
        }

        /// Scales the products in `s` and adds the mask; what lies outside becomes negative infinity.
        void scores(Array s) {
            String row = transposed ? "j0 + j" : "i0 + r";
            String column = transposed ? "i0 + r" : "j0 + j";
            String scale = Types.constant(kind, Double.doubleToLongBits(op.scale()));
            each(t.rows(), t.columns(), () -> {
                // The product of queries and keys is of their dtype.
                w.line(type + " v = " + LambdaWriter.rounded(w, dtype, s.at("r", "j")) + " * " + scale + ";");
                String inside = "i0 + r < " + rowCount() + " && j0 + j < " + columnCount()
                        + (op.causal() ? " && " + column + " <= " + row : "");
                w.line("int inside = " + inside + ";");
                if (mask >= 0) {
                    w.line("if (inside) {").line("v += " + load(w, mask, row, column) + ";").line("}");
                }
                w.line(s.at("r", "j") + " = inside ? v : " + Types.extreme(kind, true) + ";");
            });
        }

        /// Replaces each score by the exponential of its distance from the element for its row, or column.
        void exponentials(Array s, String from, boolean perColumn) {
            if (!t.vectors()) {
                each(t.rows(), t.columns(), () -> w.line(s.at("r", "j") + " = exp(" + s.at("r", "j") + " - " + from
                        + "[" + (perColumn ? "j" : "r") + "]);"));
                return;
            }
            String vector = "VEC(" + type + ", " + t.lanes() + ")";
            w.line("for (int r = 0; r < " + t.rows() + "; r++) {");
            w.line("for (int j = 0; j < " + t.columns() + "; j += " + t.lanes() + ") {");
            String level = perColumn ? t.load(type, from + "[j]") : "(" + vector + ")(" + from + "[r])";
            String distance = t.load(type, s.at("r", "j")) + " - " + level;
            w.line("VSTORE(" + type + ", " + t.lanes() + ", exp(" + distance + "), &" + s.at("r", "j") + ");");
            w.line("}").line("}");
        }

        GeneratedKernel finish(long count) {
            return w.finish(batch * ((count + t.rows() - 1) / t.rows()), t.local());
        }
    }

    private void base(KernelWriter w, List<Integer> used) {
        w.lines(outer.decode(w, "c", "b", outer.rank()));
        for (int i : used) {
            w.line("idx b" + i + " = " + outer.offset(w, "c", i, 0, outer.rank()) + ";");
        }
    }

    private String position(KernelWriter w, int operand, String row, String column) {
        long[] s = strides.get(operand);
        return "b" + operand + times(w, row, s[batchRank], "row" + operand)
                + times(w, column, s[batchRank + 1], "column" + operand);
    }

    private static String times(KernelWriter w, String at, long stride, String name) {
        return stride == 0 ? "" : " + (" + at + ")" + (stride == 1 ? "" : " * " + w.number(name, stride));
    }

    private String load(KernelWriter w, int operand, String row, String column) {
        DType d = all.get(operand).dtype();
        String x = Types.load(d, w.input(operand, d), position(w, operand, row, column));
        return d.kind() == kind ? x : LambdaWriter.cast(w, kind.dtype(), d.kind(), x);
    }

    private String store(KernelWriter w, int result, String row, String column, String value) {
        DType d = all.get(result).dtype();
        return Types.store(w, d, w.output(result - inputs, d), position(w, result, row, column), value);
    }

    /// Where tiles of an operand lie on a CPU: packed once, in scratch memory, padded with zeros; every group reads
    /// them as they are.
    ///
    /// @param turned whether columns of a tile are rows of the operand
    private Array packed(Body body, int operand, long count, int columns, boolean turned) {
        AttentionTile t = body.t;
        String name = (turned ? "turned" : "packed") + operand;
        int stride = turned ? t.columns() : t.padded(columns);
        int lines = turned ? columns : t.columns();
        long tiles = (count + t.columns() - 1) / t.columns();
        long at = workspace;
        workspace += batch * tiles * lines * stride * Types.bytes(kind) + 63 & -64;
        KernelWriter w = new KernelWriter(dialect, traits, "attention_pack", wide);
        long n = batch * tiles * lines;
        int local = traits.items();
        w.line("idx i = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (i >= " + w.number("n", n) + ") {").line("return;").line("}");
        w.line("int line = (int)(i % " + lines + ");");
        w.line("idx first = i / " + lines + " % " + w.number("tiles", tiles) + " * " + t.columns() + ";");
        w.line("idx b = i / " + lines + " / tiles;");
        base(w, List.of(operand));
        String to = w.workspace("to", kind, at) + "[i * " + stride + " + j]";
        String last = w.number("count", count);
        w.line("for (int j = 0; j < " + stride + "; j++) {");
        w.line(turned
                ? to + " = first + j < " + last + " ? " + load(w, operand, "first + j", "line") + " : 0;"
                : to + " = first + line < " + last + " && j < " + columns + " ? "
                        + load(w, operand, "first + line", "j") + " : 0;").line("}");
        kernels.add(w.finish((n + local - 1) / local, local));
        body.w.line("GLOBAL const " + type + "* " + name + " = " + body.w.workspace("all_" + name, kind, at)
                + " + (b * " + body.w.number("steps", tiles) + " + step) * " + lines * stride + ";");
        return new Array(name, stride);
    }

    /// A tile of an operand with its rows as columns: packed before, or brought to local memory now.
    private Array turned(Body k, @Nullable Array local, int operand, long count, String all, int columns) {
        if (local == null) {
            return packed(k, operand, count, columns, true);
        }
        k.fillTurned(local, operand, "j0", all, k.t.columns(), columns);
        return local;
    }

    /// A tile of an operand as it is.
    private Array plain(Body k, @Nullable Array local, int operand, long count, String all, int columns) {
        if (local == null) {
            return packed(k, operand, count, columns, false);
        }
        k.fill(local, operand, "j0", all, k.t.columns(), columns, k.t.padded(columns));
        return local;
    }

    private KernelPlan forward(AttentionTile t) {
        int total = inputs + 1;
        Body k = new Body("attention", t, queries, used(0, 1, 2, inputs, total), false);
        KernelWriter w = k.w;
        int broad = t.padded(values);
        Array q = k.array("q", t.rows(), width);
        Array s = k.array("scores", t.rows(), k.columns());
        Array o = k.array("o", t.rows(), broad);
        k.array("most", t.rows(), 1);
        k.array("sum", t.rows(), 1);
        k.array("level", t.rows(), 1);
        k.array("share", t.rows(), 1);
        Array keysTurned = k.shared("kt", width, t.columns() + 1);
        Array valuesPlain = k.shared("vn", t.columns(), broad);
        k.fill(q, 0, "i0", "queries", t.rows(), width, width);
        k.clear(o, t.rows(), broad);
        k.eachRow(() -> w.line("most[r] = " + Types.extreme(kind, true) + ";").line("sum[r] = 0;"));
        k.sync();
        k.steps();
        Array kt = turned(k, keysTurned, 1, keys, "keys", width);
        Array vn = plain(k, valuesPlain, 2, keys, "keys", values);
        k.sync();
        k.product(s, q, kt, width, t.columns(), "");
        k.sync();
        k.scores(s);
        k.sync();
        k.eachRow(() -> {
            w.line(type + " top = most[r];");
            w.line("for (int j = 0; j < " + t.columns() + "; j++) {");
            w.line("top = " + w.call("max_" + type, "top", s.at("r", "j")) + ";").line("}");
            // A row of nothing but negative infinities has weights 0 so far.
            w.line("level[r] = top == " + Types.extreme(kind, true) + " ? 0 : top;");
            w.line("share[r] = exp(most[r] - level[r]);").line("most[r] = top;");
        });
        k.sync();
        k.exponentials(s, "level", false);
        k.sync();
        k.eachRow(() -> {
            w.line(type + " more = 0;");
            w.line("for (int j = 0; j < " + t.columns() + "; j++) {");
            w.line("more += " + s.at("r", "j") + ";").line("}");
            w.line("sum[r] = sum[r] * share[r] + more;");
        });
        k.product(o, s, vn, t.columns(), broad, "share");
        k.sync();
        w.line("}");
        k.each(t.rows(), values, () -> {
            w.line("if (i0 + r < queries) {");
            w.line(type + " v = " + o.at("r", "j") + " / sum[r];");
            w.line(store(w, inputs, "i0 + r", "j", "v")).line("}");
        });
        k.eachRow(() -> {
            w.line("if (i0 + r < queries) {");
            String top = Types.extreme(kind, false);
            w.line(type + " v = most[r] == " + top + " ? most[r] : most[r] + log(sum[r]);");
            w.line(store(w, total, "i0 + r", "0", "v")).line("}");
        });
        kernels.add(k.finish(queries));
        return new KernelPlan(kernels, workspace);
    }

    private List<Integer> used(int... places) {
        List<Integer> used = new ArrayList<>(Arrays.stream(places).boxed().toList());
        if (mask >= 0) {
            used.add(mask);
        }
        return used;
    }

    private KernelPlan backward(AttentionTile t) {
        ofQueries(t);
        ofKeysAndValues(t);
        return new KernelPlan(kernels, workspace);
    }

    private void ofQueries(AttentionTile t) {
        Body k = new Body("attention_queries", t, queries, used(0, 1, 2, 3, 4, 5, inputs), false);
        int broad = t.padded(width);
        Array q = k.array("q", t.rows(), width);
        Array g = k.array("g", t.rows(), values);
        Array s = k.array("scores", t.rows(), k.columns());
        Array gp = k.array("gp", t.rows(), k.columns());
        Array gq = k.array("gq", t.rows(), broad);
        k.array("total", t.rows(), 1);
        k.array("along", t.rows(), 1);
        Array keysTurned = k.shared("kt", width, t.columns() + 1);
        Array valuesTurned = k.shared("vt", values, t.columns() + 1);
        Array keysPlain = k.shared("kn", t.columns(), broad);
        k.fill(q, 1, "i0", "queries", t.rows(), width, width);
        k.fill(g, 0, "i0", "queries", t.rows(), values, values);
        k.numbers("total", 4, "i0", "queries", t.rows());
        k.numbers("along", 5, "i0", "queries", t.rows());
        k.clear(gq, t.rows(), broad);
        k.sync();
        k.steps();
        Array kt = turned(k, keysTurned, 2, keys, "keys", width);
        Array vt = turned(k, valuesTurned, 3, keys, "keys", values);
        Array kn = plain(k, keysPlain, 2, keys, "keys", width);
        k.sync();
        k.product(s, q, kt, width, t.columns(), "");
        k.product(gp, g, vt, values, t.columns(), "");
        k.sync();
        k.scores(s);
        k.sync();
        k.exponentials(s, "total", false);
        k.sync();
        k.gradients(s, gp);
        k.sync();
        k.product(gq, gp, kn, t.columns(), broad, "1");
        k.sync();
        k.w.line("}");
        k.write(gq, inputs, width);
        kernels.add(k.finish(queries));
    }

    private void ofKeysAndValues(AttentionTile t) {
        Body k = new Body("attention_keys", t, keys, used(0, 1, 2, 3, 4, 5, inputs + 1, inputs + 2), true);
        int broad = t.padded(width);
        int broadValues = t.padded(values);
        Array key = k.array("k", t.rows(), width);
        Array value = k.array("v", t.rows(), values);
        Array s = k.array("scores", t.rows(), k.columns());
        Array gp = k.array("gp", t.rows(), k.columns());
        Array gk = k.array("gk", t.rows(), broad);
        Array gv = k.array("gv", t.rows(), broadValues);
        k.array("total", t.columns(), 1);
        k.array("along", t.columns(), 1);
        Array queriesTurned = k.shared("qt", width, t.columns() + 1);
        Array gradientsTurned = k.shared("gt", values, t.columns() + 1);
        Array queriesPlain = k.shared("qn", t.columns(), broad);
        Array gradientsPlain = k.shared("gn", t.columns(), broadValues);
        k.fill(key, 2, "i0", "keys", t.rows(), width, width);
        k.fill(value, 3, "i0", "keys", t.rows(), values, values);
        k.clear(gk, t.rows(), broad);
        k.clear(gv, t.rows(), broadValues);
        k.sync();
        k.steps();
        Array qt = turned(k, queriesTurned, 1, queries, "queries", width);
        Array gt = turned(k, gradientsTurned, 0, queries, "queries", values);
        Array qn = plain(k, queriesPlain, 1, queries, "queries", width);
        Array gn = plain(k, gradientsPlain, 0, queries, "queries", values);
        k.numbers("total", 4, "j0", "queries", t.columns());
        k.numbers("along", 5, "j0", "queries", t.columns());
        k.sync();
        k.product(s, key, qt, width, t.columns(), "");
        k.product(gp, value, gt, values, t.columns(), "");
        k.sync();
        k.scores(s);
        k.sync();
        k.exponentials(s, "total", true);
        k.sync();
        k.product(gv, s, gn, t.columns(), broadValues, "1");
        k.gradients(s, gp);
        k.sync();
        k.product(gk, gp, qn, t.columns(), broad, "1");
        k.sync();
        k.w.line("}");
        k.write(gk, inputs + 1, width);
        k.write(gv, inputs + 2, values);
        kernels.add(k.finish(keys));
    }
}
