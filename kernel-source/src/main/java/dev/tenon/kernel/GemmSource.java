package dev.tenon.kernel;

import dev.tenon.api.DType.Kind;
import java.util.ArrayList;
import java.util.List;

/// Products of matrices whose elements come from, and go to, wherever functions say: plain and strided products,
/// convolutions and their gradients. Three ways: one item for each element of small products; tiles in local memory
/// and registers for GPUs; operands packed in scratch memory and vector registers for CPUs.
final class GemmSource {
    /// Statements of a function, written when the kernel's parameters are being gathered. The last one returns.
    interface Body {
        List<String> statements(KernelWriter w);
    }

    private final Dialect dialect;
    private final DeviceTraits traits;
    private final Kind kind;
    private final String type;
    private final long batch;
    private final long m;
    private final long n;
    private final long k;
    private final boolean wide;
    private final Body loadA;
    private final Body loadB;
    private final Body store;
    private boolean batchedA = true;
    private boolean batchedB = true;

    /// @param kind the kind in which products are summed
    /// @param loadA gives the left element at batch `b`, row `i`, column `k`
    /// @param loadB gives the right element at batch `b`, row `k`, column `j`
    /// @param store stores the sum `v` at batch `b`, row `i`, column `j`
    GemmSource(Dialect dialect, DeviceTraits traits, Kind kind, long batch, long m, long n, long k, boolean wide,
            Body loadA, Body loadB, Body store) {
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

    KernelPlan plan() {
        if (batch * m * n == 0) {
            return KernelPlan.NOTHING;
        }
        boolean small = m * n * k <= 32 * 32 * 32 || k < 4 || m * n < 256;
        if (small || !kind.isFloating() && traits.cpu()) {
            return KernelPlan.of(direct());
        }
        return traits.cpu() && dialect.vectors() ? packed() : KernelPlan.of(tiled());
    }

    private KernelWriter writer(String entry, boolean a, boolean b, boolean stores) {
        KernelWriter w = new KernelWriter(dialect, traits, entry, wide);
        w.check(kind, "a matrix product");
        if (a) {
            w.function(type, type, "load_a", List.of("b", "i", "k"), loadA.statements(w));
        }
        if (b) {
            w.function(type, type, "load_b", List.of("b", "k", "j"), loadB.statements(w));
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

    /// One item for each element.
    private GeneratedKernel direct() {
        KernelWriter w = writer("matmul_direct", true, true, true);
        int local = (int) Math.min(traits.cpu() ? 64 : 128, MapSource.powerOfTwo(batch * m * n));
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
    private GeneratedKernel tiled() {
        int side = traits.groupOf(256) < 256 ? 8 : 16;
        boolean large = kind == Kind.F32 && m >= 1024 && n >= 1024;
        int each = large ? 8 : m * n >= 128 * 128 ? 4 : 2;
        int tile = side * each;
        int depth = 16;
        while (2L * depth * (tile + 1) * Types.bytes(kind) > traits.localBytes() && depth > 1) {
            depth /= 2;
        }
        int local = side * side;
        KernelWriter w = writer("matmul_tiled", true, true, true);
        long tm = (m + tile - 1) / tile;
        long tn = (n + tile - 1) / tile;
        w.number("m", m);
        w.number("n", n);
        w.number("depth", k);
        w.line("LOCAL " + type + " ta[" + depth + "][" + (tile + 1) + "];");
        w.line("LOCAL " + type + " tb[" + depth + "][" + (tile + 1) + "];");
        w.line("idx g = (idx)GROUP;");
        w.line("idx j0 = g % " + w.number("tiles_n", tn) + " * " + tile + ";");
        w.line("idx i0 = g / tiles_n % " + w.number("tiles_m", tm) + " * " + tile + ";");
        w.line("idx b = g / tiles_n / tiles_m;");
        w.line("int item = (int)ITEM;").line("int x = item % " + side + ";").line("int y = item / " + side + ";");
        w.line(type + " c[" + each + "][" + each + "];");
        w.line("for (int r = 0; r < " + each + "; r++) {").line("for (int s = 0; s < " + each + "; s++) {");
        w.line("c[r][s] = 0;").line("}").line("}");
        w.line("for (idx q = 0; q < depth; q += " + depth + ") {");
        w.line("for (int e = item; e < " + tile * depth + "; e += " + local + ") {");
        w.line("int ka = e % " + depth + ", ia = e / " + depth + ";");
        w.line("ta[ka][ia] = i0 + ia < m && q + ka < depth ? load_a(b, i0 + ia, q + ka) : 0;");
        w.line("int jb = e % " + tile + ", kb = e / " + tile + ";");
        w.line("tb[kb][jb] = j0 + jb < n && q + kb < depth ? load_b(b, q + kb, j0 + jb) : 0;");
        w.line("}").line("BARRIER;");
        w.line("for (int p = 0; p < " + depth + "; p++) {");
        w.line("#pragma unroll").line("for (int r = 0; r < " + each + "; r++) {");
        w.line("#pragma unroll").line("for (int s = 0; s < " + each + "; s++) {");
        String a = "ta[p][y + r * " + side + "]";
        String b = "tb[p][x + s * " + side + "]";
        w.line("c[r][s] = " + mulAdd(a, b, "c[r][s]") + ";");
        w.line("}").line("}").line("}").line("BARRIER;").line("}");
        w.line("for (int r = 0; r < " + each + "; r++) {").line("for (int s = 0; s < " + each + "; s++) {");
        w.line("idx i = i0 + y + r * " + side + ";").line("idx j = j0 + x + s * " + side + ";");
        w.line("if (i < m && j < n) {").line("store(b, i, j, c[r][s]);").line("}").line("}").line("}");
        return w.finish(batch * tm * tn, local);
    }

    /// Both operands are packed into panels as wide as the register tile, padded with zeros; then each item, a group of
    /// its own, computes a column of tiles with explicit vectors.
    private KernelPlan packed() {
        int lanes = Math.max(2, Math.min(16, kind == Kind.F64 ? traits.lanes() / 2 : traits.lanes()));
        int vectors = 2;
        int rows = traits.lanes() >= 16 ? 12 : traits.lanes() >= 8 ? 6 : 4;
        if (m < rows) {
            rows = (int) Math.max(1, m);
        }
        int columns = lanes * vectors;
        long tm = (m + rows - 1) / rows;
        long tn = (n + columns - 1) / columns;
        int bytes = Types.bytes(kind);
        long sizeA = (batchedA ? batch : 1) * tm * rows * k * bytes + 63 & -64;
        long sizeB = (batchedB ? batch : 1) * tn * columns * k * bytes;
        List<GeneratedKernel> kernels = new ArrayList<>();
        kernels.add(pack(true, rows, tm, 0));
        kernels.add(pack(false, columns, tn, sizeA));

        KernelWriter w = writer("matmul_packed", false, false, true);
        // Enough columns of tiles for every core to stay busy, but long enough to use a packed panel more than once.
        long perItem = Math.max(1, Math.min(16, batch * tm * tn / (8L * traits.units())));
        long blocks = (tm + perItem - 1) / perItem;
        String pa = w.workspace("pa", kind, 0);
        String pb = w.workspace("pb", kind, sizeA);
        w.number("m", m);
        w.number("n", n);
        w.number("depth", k);
        w.line("idx g = (idx)GROUP;");
        w.line("idx block = g % " + w.number("blocks", blocks) + ";");
        w.line("idx tj = g / blocks % " + w.number("tiles_n", tn) + ";");
        w.line("idx b = g / blocks / tiles_n;");
        w.line("idx last = block * " + perItem + " + " + perItem + ";");
        w.line("last = last < " + w.number("tiles_m", tm) + " ? last : tiles_m;");
        w.line("for (idx ti = block * " + perItem + "; ti < last; ti++) {");
        w.line("GLOBAL const " + type + "* a = " + pa + " + (" + (batchedA ? "b * tiles_m + " : "") + "ti) * depth * "
                + rows + ";");
        w.line("GLOBAL const " + type + "* x = " + pb + " + (" + (batchedB ? "b * tiles_n + " : "") + "tj) * depth * "
                + columns + ";");
        String vector = "VEC(" + type + ", " + lanes + ")";
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < vectors; v++) {
                w.line(vector + " c" + r + "_" + v + " = 0;");
            }
        }
        w.line("for (idx q = 0; q < depth; q++) {");
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
        w.line(type + " row[" + columns + "];");
        for (int r = 0; r < rows; r++) {
            w.line("if (ti * " + rows + " + " + r + " < m) {");
            for (int v = 0; v < vectors; v++) {
                w.line("VSTORE(" + type + ", " + lanes + ", c" + r + "_" + v + ", row + " + v * lanes + ");");
            }
            w.line("idx end = n - tj * " + columns + ";");
            w.line("for (idx s = 0; s < " + columns + " && s < end; s++) {");
            w.line("store(b, ti * " + rows + " + " + r + ", tj * " + columns + " + s, row[s]);").line("}").line("}");
        }
        w.line("}");
        kernels.add(w.finish(batch * tn * blocks, 1));
        return new KernelPlan(kernels, sizeA + sizeB);
    }

    /// Panels of `width` rows (of the left operand) or columns (of the right), depth by depth.
    private GeneratedKernel pack(boolean left, int width, long tiles, long at) {
        KernelWriter w = writer(left ? "pack_a" : "pack_b", left, !left, false);
        String to = w.workspace("to", kind, at);
        boolean batched = left ? batchedA : batchedB;
        long items = (batched ? batch : 1) * tiles * k;
        int local = (int) Math.min(64, MapSource.powerOfTwo(items));
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
