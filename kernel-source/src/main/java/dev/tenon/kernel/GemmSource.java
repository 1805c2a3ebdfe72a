package dev.tenon.kernel;

import dev.tenon.api.DType.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Products of matrices whose elements come from, and go to, wherever functions say: plain and strided products,
/// convolutions and their gradients. Four ways: one item for each element of small products; tiles in local memory
/// and registers for GPUs, or for their tensor cores; operands packed in scratch memory and vector registers for CPUs.
final class GemmSource {
    /// Statements of a function, written when the kernel's parameters are being gathered. The last one returns.
    interface Body {
        List<String> statements(KernelWriter w);
    }

    /// The same for a function that gives an operand's element.
    interface Load {
        List<String> statements(KernelWriter w, Types.Reading as);
    }

    /// The most tiles, one below the other, that an item computes.
    private static final int MOST_TILES = 16;

    private final Dialect dialect;
    private final DeviceTraits traits;
    private final Kind kind;
    private final String type;
    private final long batch;
    private final long m;
    private final long n;
    private final long k;
    private final boolean wide;
    private final Load loadA;
    private final Load loadB;
    private final Body store;
    private boolean batchedA = true;
    private boolean batchedB = true;
    private @Nullable Stored storedA;
    private @Nullable Stored storedB;
    private long workspaceAt;

    /// @param kind the kind in which products are summed
    /// @param loadA gives the left element at batch `b`, row `i`, column `k`
    /// @param loadB gives the right element at batch `b`, row `k`, column `j`
    /// @param store stores the sum `v` at batch `b`, row `i`, column `j`
    GemmSource(Dialect dialect, DeviceTraits traits, Kind kind, long batch, long m, long n, long k, boolean wide,
            Load loadA, Load loadB, Body store) {
        this.dialect = dialect;
        this.traits = traits;
        this.kind = kind;
        this.type = Types.of(kind);
        this.batch = batch;
        this.m = m;
        this.n = n;
        this.k = k;
        this.wide = wide || batch * m * n > Integer.MAX_VALUE / 2 || batch * (m + n + 128) * k > Integer.MAX_VALUE / 2;
        this.loadA = loadA;
        this.loadB = loadB;
        this.store = store;
    }

    /// Says which operands differ from batch to batch.
    GemmSource batched(boolean a, boolean b) {
        batchedA = a;
        batchedB = b;
        return this;
    }

    /// Says how operands lie in memory, so that tensor cores can multiply them.
    GemmSource stored(Stored a, Stored b) {
        storedA = a;
        storedB = b;
        return this;
    }

    /// Leaves the first bytes of the scratch memory, a multiple of 64, to others.
    GemmSource workspaceFrom(long bytes) {
        workspaceAt = bytes;
        return this;
    }

    KernelPlan plan() {
        if (batch * m * n == 0) {
            return KernelPlan.NOTHING;
        }
        boolean small = m * n * k <= 32 * 32 * 32 || k < 4 || m * n < 256;
        if (small || !kind.isFloating() && traits.cpu()) {
            return new KernelPlan(List.of(direct()), workspaceAt);
        }
        Stored left = storedA;
        Stored right = storedB;
        TensorCores units = traits.tensorCores();
        if (left != null && right != null && left.dtype() == right.dtype() && units != null
                && units.multiply(left.dtype())) {
            return onTensorCores(left, right, units);
        }
        return traits.cpu() && dialect.vectors() ? packed() : tiled();
    }

    private KernelWriter writer(String entry, boolean a, boolean b, boolean stores) {
        return writer(entry, a, b, stores, type, Types.Reading.VALUE);
    }

    /// @param read the type of what operands' elements are read as
    private KernelWriter writer(String entry, boolean a, boolean b, boolean stores, String read, Types.Reading as) {
        KernelWriter w = new KernelWriter(dialect, traits, entry, wide);
        w.check(kind, "a matrix product");
        if (a) {
            w.function(read, read, "load_a", List.of("b", "i", "k"), loadA.statements(w, as));
        }
        if (b) {
            w.function(read, read, "load_b", List.of("b", "k", "j"), loadB.statements(w, as));
        }
        if (stores) {
            w.function("void", type, "store", List.of("b", "i", "j", "v"), store.statements(w));
        }
        return w;
    }

    private String mulAdd(String a, String b, String c) {
        return kind.isFloating()
                ? "MUL_ADD(" + a + ", " + b + ", " + c + ")"
                : LambdaWriter.arithmetic(kind, c, "+", LambdaWriter.arithmetic(kind, a, "*", b));
    }

    private KernelPlan onTensorCores(Stored left, Stored right, TensorCores units) {
        boolean pieces = left.pieces() && right.pieces();
        boolean some = left.pieces() || right.pieces();
        List<MmaTile> ways = MmaTile.candidates(left.dtype(), traits.units(), units.copies() && pieces,
                units.copies() && some, batch, m, n, k);
        MmaTile tile = units.tile() == null ? ways.getFirst() : units.tile();
        KernelWriter w = writer("matmul_mma", true, true, tile.splits() == 1, "u32", Types.Reading.BITS);
        places(w, left.pieces(), right.pieces());
        KernelPlan plan = split(tile.splits(), w, () ->
                new MmaSource(tile, left, right, units.copies()).kernel(w, batch, m, n, k));
        boolean worth = batch * m * n * k >= GemmTile.LARGE && ways.size() > 1;
        return !worth ? plan : new KernelPlan(plan.kernels(), plan.workspaceBytes(), Optional.of(
                new KernelPlan.Choice("matmul " + left.dtype() + " " + layout(left) + layout(right) + " "
                        + rounded(batch) + " of " + rounded(m) + " x " + rounded(n) + " x " + rounded(k), ways)));
    }

    /// Functions that say where an operand's elements lie.
    private void places(KernelWriter w, boolean left, boolean right) {
        String type = "GLOBAL const void*";
        if (left) {
            w.function(type, type, "place_a", List.of("b", "i", "k"), loadA.statements(w, Types.Reading.PLACE));
        }
        if (right) {
            w.function(type, type, "place_b", List.of("b", "k", "j"), loadB.statements(w, Types.Reading.PLACE));
        }
    }

    /// A plan whose first kernel computes the sums of each part of the depth.
    private KernelPlan split(int splits, KernelWriter w, Supplier<GeneratedKernel> product) {
        if (splits == 1) {
            return new KernelPlan(List.of(product.get()), workspaceAt);
        }
        w.function("void", type, "store", List.of("b", "i", "j", "v"), List.of(w.workspace("parts", kind, workspaceAt)
                + "[(b * " + w.number("m", m) + " + i) * " + w.number("n", n) + " + j] = v;"));
        return new KernelPlan(List.of(product.get(), summed(splits)),
                workspaceAt + (splits * batch * m * n * Types.bytes(kind) + 63 & -64));
    }

    /// Writes which rows `i0`, columns `j0`, batch `b` and depths from `begin` to `end` a group computes, and the batch
    /// `to_b` to which it stores: parts of the depth count as further batches there.
    ///
    /// @return how many groups there are
    static long groups(KernelWriter w, int rows, int columns, int splits, int step, long batch, long m, long n,
            long k) {
        long tm = Splits.parts(m, rows);
        long tn = Splits.parts(n, columns);
        w.number("m", m);
        w.number("n", n);
        w.number("depth", k);
        w.line("idx g = (idx)GROUP;");
        w.line("idx j0 = g % " + w.number("tiles_n", tn) + " * " + columns + ";");
        w.line("idx i0 = g / tiles_n % " + w.number("tiles_m", tm) + " * " + rows + ";");
        w.line("idx to_b = g / tiles_n / tiles_m;");
        if (splits == 1) {
            w.line("idx b = to_b;").line("idx begin = 0;").line("idx end = depth;");
        } else {
            w.line("idx b = to_b % " + w.number("batch", batch) + ";");
            w.line("idx begin = to_b / batch * " + w.number("share", Splits.share(splits, step, k)) + ";");
            w.line("idx end = begin + share < depth ? begin + share : depth;");
        }
        return splits * batch * tm * tn;
    }

    private static String layout(Stored s) {
        return (s.deep() ? "t" : "n") + (s.pieces() ? "16" : "1");
    }

    /// Products of about the same size share what was measured: extents up to a quarter larger count as the same.
    private static long rounded(long extent) {
        long quarter = Math.max(1, Long.highestOneBit(extent) / 4);
        return extent / quarter * quarter;
    }

    /// Adds up the sums of the parts of a depth that was split.
    private GeneratedKernel summed(int splits) {
        KernelWriter w = writer("matmul_sum", false, false, true);
        int local = traits.items();
        String parts = w.workspace("parts", kind, workspaceAt);
        w.line("idx e = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (e >= " + w.number("elements", batch * m * n) + ") {").line("return;").line("}");
        w.number("m", m);
        w.number("n", n);
        w.line(type + " c = " + parts + "[e];");
        w.line("for (int s = 1; s < " + splits + "; s++) {");
        w.line("c = c + " + parts + "[s * elements + e];").line("}");
        w.line("store(e / n / m, e / n % m, e % n, c);");
        return w.finish((batch * m * n + local - 1) / local, local);
    }

    /// One item for each element.
    private GeneratedKernel direct() {
        KernelWriter w = writer("matmul_direct", true, true, true);
        int local = traits.items();
        w.line("idx e = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (e >= " + w.number("elements", batch * m * n) + ") {").line("return;").line("}");
        w.number("m", m);
        w.number("n", n);
        w.line("idx j = e % n;").line("idx i = e / n % m;").line("idx b = e / n / m;");
        w.line(type + " c = 0;");
        w.line("for (idx q = 0; q < " + w.number("depth", k) + "; q++) {");
        w.line(type + " a = load_a(b, i, q);").line(type + " x = load_b(b, q, j);");
        w.line("c = " + mulAdd("a", "x", "c") + ";").line("}").line("store(b, i, j, c);");
        return w.finish((batch * m * n + local - 1) / local, local);
    }

    /// Tiles of both operands in local memory, a small tile of sums in the registers of each item.
    private KernelPlan tiled() {
        int side = traits.groupOf(256) < 256 ? 8 : 16;
        boolean packs = kind == Kind.F32 && dialect.packBytes() >= Stored.PIECE && dialect.oneAddressSpace();
        // What is deep is cut along the depth there, so that tiles need not be small to be many.
        boolean medium = m * n >= 128 * 128 || packs && Math.min(m, n) >= 32 && k >= 1024;
        GemmTile shape = m >= 1024 && n >= 1024 && kind.isFloating()
                ? traits.tile(kind)
                : medium ? new GemmTile(4, 4, 16) : new GemmTile(2, 2, 16);
        if (packs && RegisterTiles.suit(shape, traits)) {
            return inRegisters(shape);
        }
        int high = shape.rows();
        int broad = shape.columns();
        int tileRows = side * high;
        int tileColumns = side * broad;
        int depth = shape.depth();
        while ((long) depth * (tileRows + tileColumns + 2) * Types.bytes(kind) > traits.localBytes() && depth > 1) {
            depth /= 2;
        }
        int local = side * side;
        KernelWriter w = writer("matmul_tiled", true, true, true);
        long tm = (m + tileRows - 1) / tileRows;
        long tn = (n + tileColumns - 1) / tileColumns;
        w.number("m", m);
        w.number("n", n);
        w.number("depth", k);
        w.line("LOCAL " + type + " ta[" + depth + "][" + (tileRows + 1) + "];");
        w.line("LOCAL " + type + " tb[" + depth + "][" + (tileColumns + 1) + "];");
        w.line("idx g = (idx)GROUP;");
        w.line("idx j0 = g % " + w.number("tiles_n", tn) + " * " + tileColumns + ";");
        w.line("idx i0 = g / tiles_n % " + w.number("tiles_m", tm) + " * " + tileRows + ";");
        w.line("idx b = g / tiles_n / tiles_m;");
        w.line("int item = (int)ITEM;").line("int x = item % " + side + ";").line("int y = item / " + side + ";");
        String rows = "for (int r = 0; r < " + high + "; r++) {";
        String columns = "for (int s = 0; s < " + broad + "; s++) {";
        w.line(type + " c[" + high + "][" + broad + "];");
        w.line(rows).line(columns).line("c[r][s] = 0;").line("}").line("}");
        w.line("for (idx q = 0; q < depth; q += " + depth + ") {");
        w.line("for (int e = item; e < " + tileRows * depth + "; e += " + local + ") {");
        w.line("int ka = e % " + depth + ", ia = e / " + depth + ";");
        w.line("ta[ka][ia] = i0 + ia < m && q + ka < depth ? load_a(b, i0 + ia, q + ka) : 0;").line("}");
        w.line("for (int e = item; e < " + tileColumns * depth + "; e += " + local + ") {");
        w.line("int jb = e % " + tileColumns + ", kb = e / " + tileColumns + ";");
        w.line("tb[kb][jb] = j0 + jb < n && q + kb < depth ? load_b(b, q + kb, j0 + jb) : 0;");
        w.line("}").line("BARRIER;");
        w.line("for (int p = 0; p < " + depth + "; p++) {");
        w.line("#pragma unroll").line(rows).line("#pragma unroll").line(columns);
        String a = "ta[p][y + r * " + side + "]";
        String b = "tb[p][x + s * " + side + "]";
        w.line("c[r][s] = " + mulAdd(a, b, "c[r][s]") + ";");
        w.line("}").line("}").line("}").line("BARRIER;").line("}");
        w.line(rows).line(columns);
        w.line("idx i = i0 + y + r * " + side + ";").line("idx j = j0 + x + s * " + side + ";");
        w.line("if (i < m && j < n) {").line("store(b, i, j, c[r][s]);").line("}").line("}").line("}");
        return new KernelPlan(List.of(w.finish(batch * tm * tn, local)), workspaceAt);
    }

    private KernelPlan inRegisters(GemmTile shape) {
        // By tiles of a fixed size, so that each shape that may be chosen gives the same bits.
        int splits = Splits.usual(batch * Splits.parts(m, 64) * Splits.parts(n, 64), traits.units(),
                RegisterTiles.STEP, batch * m * n, k);
        KernelWriter w = writer("matmul_tiled", true, true, splits == 1);
        places(w, RegisterTiles.comesInPieces(storedA), RegisterTiles.comesInPieces(storedB));
        return split(splits, w, () ->
                new RegisterTiles(shape, splits, storedA, storedB).kernel(w, batch, m, n, k));
    }

    /// Both operands are packed into panels as wide as the register tile, padded with zeros; then each item, a group of
    /// its own, computes a column of tiles with explicit vectors. Deep products are cut, so that a panel of the right
    /// operand stays in the first-level cache for all tiles of the column.
    private KernelPlan packed() {
        int lanes = Math.max(2, Math.min(16, kind == Kind.F64 ? traits.lanes() / 2 : traits.lanes()));
        GemmTile shape = traits.tile(kind);
        int vectors = shape.columns();
        int rows = (int) Math.min(m, shape.rows());
        int columns = lanes * vectors;
        long tm = (m + rows - 1) / rows;
        long tn = (n + columns - 1) / columns;
        int bytes = Types.bytes(kind);
        long sizeA = (batchedA ? batch : 1) * tm * rows * k * bytes + 63 & -64;
        long sizeB = (batchedB ? batch : 1) * tn * columns * k * bytes;
        List<GeneratedKernel> kernels = new ArrayList<>();
        kernels.add(pack(true, rows, tm, workspaceAt));
        kernels.add(pack(false, columns, tn, workspaceAt + sizeA));

        KernelWriter w = writer("matmul_packed", false, false, true);
        // Enough columns of tiles for every core to stay busy, but long enough to use a packed panel more than once.
        long perItem = Math.max(1, Math.min(MOST_TILES, batch * tm * tn / (8L * traits.units())));
        long blocks = (tm + perItem - 1) / perItem;
        boolean cut = k > shape.depth() + shape.depth() / 2;
        String pa = w.workspace("pa", kind, workspaceAt);
        String pb = w.workspace("pb", kind, workspaceAt + sizeA);
        w.number("m", m);
        w.number("n", n);
        w.number("depth", k);
        // Items that follow each other share their rows, which stay in the second-level cache.
        w.line("idx g = (idx)GROUP;");
        w.line("idx tj = g % " + w.number("tiles_n", tn) + ";");
        w.line("idx block = g / tiles_n % " + w.number("blocks", blocks) + ";");
        w.line("idx b = g / tiles_n / blocks;");
        w.line("idx first = block * " + w.number("per_item", perItem) + ";");
        w.line("idx last = first + per_item;");
        w.line("last = last < " + w.number("tiles_m", tm) + " ? last : tiles_m;");
        if (cut) {
            w.line(type + " held[" + MOST_TILES * rows * columns + "];");
            w.line("for (idx q0 = 0; q0 < depth; q0 += " + shape.depth() + ") {");
            w.line("idx end = q0 + " + shape.depth() + " < depth ? q0 + " + shape.depth() + " : depth;");
        } else {
            w.line("idx q0 = 0;").line("idx end = depth;").line("{");
        }
        w.line("for (idx ti = first; ti < last; ti++) {");
        w.line("GLOBAL const " + type + "* a = " + pa + " + ((" + (batchedA ? "b * tiles_m + " : "")
                + "ti) * depth + q0) * " + rows + ";");
        w.line("GLOBAL const " + type + "* x = " + pb + " + ((" + (batchedB ? "b * tiles_n + " : "")
                + "tj) * depth + q0) * " + columns + ";");
        String vector = "VEC(" + type + ", " + lanes + ")";
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < vectors; v++) {
                w.line(vector + " c" + r + "_" + v + " = 0;");
            }
        }
        if (cut) {
            w.line(type + "* sums = held + (ti - first) * " + rows * columns + ";").line("if (q0 > 0) {");
            for (int r = 0; r < rows; r++) {
                for (int v = 0; v < vectors; v++) {
                    w.line("c" + r + "_" + v + " = VLOAD(" + type + ", " + lanes + ", sums + "
                            + (r * columns + v * lanes) + ");");
                }
            }
            w.line("}");
        }
        w.line("for (idx q = q0; q < end; q++) {");
        for (int v = 0; v < vectors; v++) {
            w.line(vector + " x" + v + " = VLOAD(" + type + ", " + lanes + ", x + " + v * lanes + ");");
        }
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < vectors; v++) {
                String c = "c" + r + "_" + v;
                w.line(c + " = MUL_ADD((" + vector + ")(a[" + r + "]), x" + v + ", " + c + ");");
            }
        }
        w.line("a += " + rows + ";").line("x += " + columns + ";").line("}");
        if (cut) {
            w.line("if (end < depth) {");
            for (int r = 0; r < rows; r++) {
                for (int v = 0; v < vectors; v++) {
                    w.line("VSTORE(" + type + ", " + lanes + ", c" + r + "_" + v + ", sums + "
                            + (r * columns + v * lanes) + ");");
                }
            }
            w.line("continue;").line("}");
        }
        w.line(type + " row[" + columns + "];");
        w.line("idx broad = n - tj * " + columns + ";").line("broad = broad < " + columns + " ? broad : " + columns
                + ";");
        for (int r = 0; r < rows; r++) {
            w.line("if (ti * " + rows + " + " + r + " < m) {");
            for (int v = 0; v < vectors; v++) {
                w.line("VSTORE(" + type + ", " + lanes + ", c" + r + "_" + v + ", row + " + v * lanes + ");");
            }
            w.line("for (idx s = 0; s < broad; s++) {");
            w.line("store(b, ti * " + rows + " + " + r + ", tj * " + columns + " + s, row[s]);").line("}").line("}");
        }
        w.line("}").line("}");
        kernels.add(w.finish(batch * tn * blocks, 1));
        return new KernelPlan(kernels, workspaceAt + sizeA + sizeB);
    }

    /// Panels of `width` rows (of the left operand) or columns (of the right), depth by depth.
    private GeneratedKernel pack(boolean left, int width, long tiles, long at) {
        KernelWriter w = writer(left ? "pack_a" : "pack_b", left, !left, false);
        String to = w.workspace("to", kind, at);
        boolean batched = left ? batchedA : batchedB;
        long items = (batched ? batch : 1) * tiles * k;
        int local = Math.min(64, traits.items());
        w.line("idx e = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (e >= " + w.number("items", items) + ") {").line("return;").line("}");
        w.line("idx q = e % " + w.number("depth", k) + ";");
        w.line("idx first = e / depth % " + w.number("tiles", tiles) + " * " + width + ";");
        w.line("idx b = e / depth / tiles;");
        String extent = left ? w.number("m", m) : w.number("n", n);
        String element = left ? "load_a(b, first + r, q)" : "load_b(b, q, first + r)";
        w.line("for (int r = 0; r < " + width + "; r++) {");
        w.line(to + "[e * " + width + " + r] = first + r < " + extent + " ? " + element + " : 0;").line("}");
        return w.finish((items + local - 1) / local, local);
    }
}
