package dev.tenon.kernel;

import dev.tenon.api.DType;
import org.jspecify.annotations.Nullable;

/// Products of `f32` on GPUs that load 16 bytes at once. Tiles of both operands go through local memory, two of each:
/// while one is multiplied, the next comes to registers, so that one barrier for each is enough. Each item holds a tile
/// of sums, in squares of 4 x 4 whose operands it takes out of local memory 4 at a time; there both operands lie by
/// positions along the depth.
final class RegisterTiles {
    /// Items of a group along each side.
    static final int SIDE = 16;
    private static final int ITEMS = SIDE * SIDE;
    private static final int PACK = 4;
    /// Parts of the depth are whole multiples of this, whatever the tile.
    static final int STEP = 16;
    /// What keeps rows of local memory aligned and in different banks.
    private static final int GAP = PACK;

    private final GemmTile tile;
    private final int splits;
    private final Operand a;
    private final Operand b;

    /// How an operand comes.
    private record Operand(boolean left, boolean deep, boolean pieces, int lines, String memory) {
        String at(String function, String line, String deep) {
            return function + (left ? "_a(b, " + line + ", " + deep + ")" : "_b(b, " + deep + ", " + line + ")");
        }

        String start() {
            return left ? "i0" : "j0";
        }

        String extent() {
            return left ? "m" : "n";
        }
    }

    /// @param splits into how many parts the depth is cut
    RegisterTiles(GemmTile tile, int splits, @Nullable Stored left, @Nullable Stored right) {
        this.tile = tile;
        this.splits = splits;
        this.a = operand(true, left, tile.rows() * SIDE);
        this.b = operand(false, right, tile.columns() * SIDE);
    }

    private static Operand operand(boolean left, @Nullable Stored s, int lines) {
        return s == null ? new Operand(left, left, false, lines, "")
                : new Operand(left, s.deep(), comesInPieces(s), lines, s.memory());
    }

    /// Whether an operand is read 16 bytes at a time.
    static boolean comesInPieces(@Nullable Stored s) {
        return s != null && s.pieces() && s.dtype() == DType.F32;
    }

    /// Whether tiles of a shape can be computed so.
    static boolean suit(GemmTile tile, DeviceTraits traits) {
        return tile.rows() % PACK == 0 && tile.columns() % PACK == 0
                && (tile.depth() == STEP || tile.depth() == STEP / 2)
                && Math.min(tile.rows(), tile.columns()) * tile.depth() % (PACK * SIDE) == 0
                && traits.groupOf(ITEMS) == ITEMS && 4L * 2 * stageWords(tile) <= traits.localBytes();
    }

    private static int stageWords(GemmTile tile) {
        return tile.depth() * (SIDE * (tile.rows() + tile.columns()) + 2 * GAP);
    }

    /// The kernel.
    ///
    /// @param w has functions `load_a`, `load_b`, `place_a` and `place_b` for operands that come in pieces, and `store`
    GeneratedKernel kernel(KernelWriter w, long batch, long m, long n, long k) {
        int depth = tile.depth();
        int stage = stageWords(tile);
        w.line("LOCAL ALIGN(16) f32 tiles[" + 2 * stage + "];");
        long groups = GemmSource.groups(w, a.lines, b.lines, splits, STEP, batch, m, n, k);
        w.line("int item = (int)ITEM;").line("int x = item % " + SIDE + ";").line("int y = item / " + SIDE + ";");
        w.line("f32 c[" + tile.rows() + "][" + tile.columns() + "];");
        sums(w, () -> w.line("c[r][s] = 0;"));
        for (Operand o : new Operand[] {a, b}) {
            if (o.pieces) {
                w.line("bool aligned_" + (o.left ? "a" : "b") + " = IS_ALIGNED(" + o.memory + ", 16);");
            }
        }
        w.line("f32* next = tiles;").line("f32* now = tiles + " + stage + ";");
        w.line("ALIGN(16) f32 held[" + Math.max(a.lines, b.lines) * depth / ITEMS + "];");
        w.line("for (idx q = begin; q < end + " + depth + "; q += " + depth + ") {");
        w.line("if (q < end) {");
        fetch(w, a);
        w.line("}");
        multiply(w, 0);
        w.line("if (q < end) {");
        keep(w, a);
        fetch(w, b);
        w.line("}");
        multiply(w, depth / 2);
        w.line("if (q < end) {");
        keep(w, b);
        w.line("}").line("BARRIER;");
        w.line("f32* last = now;").line("now = next;").line("next = last;").line("}");
        sums(w, () -> {
            w.line("idx i = i0 + r / 4 * " + SIDE * PACK + " + y * 4 + r % 4;");
            w.line("idx j = j0 + s / 4 * " + SIDE * PACK + " + x * 4 + s % 4;");
            w.line("if (i < m && j < n) {").line("store(to_b, i, j, c[r][s]);").line("}");
        });
        return w.finish(groups, ITEMS);
    }

    private void sums(KernelWriter w, Runnable body) {
        w.line("#pragma unroll").line("for (int r = 0; r < " + tile.rows() + "; r++) {");
        w.line("#pragma unroll").line("for (int s = 0; s < " + tile.columns() + "; s++) {");
        body.run();
        w.line("}").line("}");
    }

    private int row(Operand o) {
        return o.lines + GAP;
    }

    private String memory(Operand o, String tileName) {
        return o.left ? tileName : tileName + " + " + tile.depth() * row(a);
    }

    private void multiply(KernelWriter w, int from) {
        w.line("if (q > begin) {").line("#pragma unroll 2");
        w.line("for (int p = " + from + "; p < " + (from + tile.depth() / 2) + "; p++) {");
        fragment(w, a, "fa", tile.rows(), "y");
        fragment(w, b, "fb", tile.columns(), "x");
        sums(w, () -> w.line("c[r][s] = MUL_ADD(fa[r], fb[s], c[r][s]);"));
        w.line("}").line("}");
    }

    private void fragment(KernelWriter w, Operand o, String name, int count, String item) {
        w.line("ALIGN(16) f32 " + name + "[" + count + "];");
        w.line("#pragma unroll").line("for (int r = 0; r < " + count + "; r += 4) {");
        w.line("LOAD_PACK(f32, 4, " + name + " + r, " + memory(o, "now") + " + p * " + row(o) + " + r * " + SIDE + " + "
                + item + " * 4);");
        w.line("}");
    }

    /// Brings an operand's tile at depth `q` to registers.
    private void fetch(KernelWriter w, Operand o) {
        if (!o.pieces) {
            elements(w, o, () -> w.line("held[e] = line < " + o.extent() + " && deep < depth ? "
                    + o.at("load", "line", "deep") + " : 0;"));
            return;
        }
        pieces(w, o, () -> {
            w.line("if (aligned_" + (o.left ? "a" : "b") + " && inside == 4) {");
            w.line("LOAD_PACK(f32, 4, held + e * 4, " + o.at("place", "line", "deep") + ");");
            w.line("} else {").line("#pragma unroll").line("for (int s = 0; s < 4; s++) {");
            w.line("held[e * 4 + s] = s < inside ? " + o.at("load", o.deep ? "line" : "line + s",
                    o.deep ? "deep + s" : "deep") + " : 0;").line("}").line("}");
        });
    }

    /// Stores them to local memory.
    private void keep(KernelWriter w, Operand o) {
        String to = "(" + memory(o, "next") + ")";
        if (!o.pieces) {
            elements(w, o, () -> w.line(to + "[at_deep * " + row(o) + " + at_line] = held[e];"));
        } else if (o.deep) {
            pieces(w, o, () -> {
                w.line("#pragma unroll").line("for (int s = 0; s < 4; s++) {");
                w.line(to + "[(piece * 4 + s) * " + row(o) + " + row] = held[e * 4 + s];").line("}");
            });
        } else {
            pieces(w, o, () -> w.line("STORE_PACK(f32, 4, " + to + " + row * " + row(o)
                    + " + piece * 4, held + e * 4);"));
        }
    }

    /// Does something for each element that an item brings; neighbouring items take neighbours in memory.
    private void elements(KernelWriter w, Operand o, Runnable body) {
        w.line("#pragma unroll").line("for (int e = 0; e < " + o.lines * tile.depth() / ITEMS + "; e++) {");
        w.line("int at = item + e * " + ITEMS + ";");
        w.line(o.deep ? "int at_line = at / " + tile.depth() + ", at_deep = at % " + tile.depth() + ";"
                : "int at_line = at % " + o.lines + ", at_deep = at / " + o.lines + ";");
        w.line("idx line = " + o.start() + " + at_line, deep = q + at_deep;");
        body.run();
        w.line("}");
    }

    /// Does something for each piece of 4 that an item brings, of which so many elements are `inside` the operand.
    private void pieces(KernelWriter w, Operand o, Runnable body) {
        int across = (o.deep ? tile.depth() : o.lines) / PACK;
        w.line("#pragma unroll").line("for (int e = 0; e < " + o.lines * tile.depth() / ITEMS / PACK + "; e++) {");
        w.line("int at = item + e * " + ITEMS + ";");
        w.line("int row = at / " + across + ", piece = at % " + across + ";");
        w.line("idx line = " + o.start() + (o.deep ? " + row;" : " + piece * 4;"));
        w.line("idx deep = q" + (o.deep ? " + piece * 4;" : " + row;"));
        w.line("idx rest = " + (o.deep ? "depth - deep;" : o.extent() + " - line;"));
        w.line("int inside = line < " + o.extent() + " && deep < depth ? (rest < 4 ? (int)rest : 4) : 0;");
        body.run();
        w.line("}");
    }
}
