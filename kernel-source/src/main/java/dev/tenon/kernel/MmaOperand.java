package dev.tenon.kernel;

import java.util.function.BinaryOperator;

/// One operand of a product on tensor cores, on its way from device memory through local memory to a warp's fragments.
///
/// Where 16 bytes of it lie together ([Stored#pieces()]) it travels in such pieces and lies in local memory as it does
/// in device memory: by lines (its rows, if it is the left one, else its columns) where it is deep, else by positions
/// along the depth, and then fragments are transposed on their way out. Otherwise it comes element by element, and lies
/// by lines. What would lie in the same banks is spread: in each row of local memory the pieces stand in another order,
/// so that neither the 8 rows that `ldmatrix` takes at once nor what a warp stores at once meet.
final class MmaOperand {
    private static final int DEPTH = MmaTile.DEPTH;

    private final Stored stored;
    private final boolean left;
    private final MmaTile tile;
    private final boolean async;
    private final int lines;
    private final int numbers;

    /// @param async whether the device copies to local memory by itself, past the registers
    MmaOperand(Stored stored, boolean left, MmaTile tile, boolean async) {
        this.stored = stored;
        this.left = left;
        this.tile = tile;
        this.async = async && stored.pieces();
        this.lines = left ? tile.tileRows() : tile.tileColumns();
        this.numbers = 4 / stored.dtype().bytes();
    }

    private boolean wide() {
        return stored.pieces() && !stored.deep();
    }

    /// How many words of the tile a thread brings.
    int words() {
        return lines * DEPTH / tile.threads();
    }

    boolean isAsync() {
        return async;
    }

    private String name() {
        return left ? "a" : "b";
    }

    private String at(String function, String line, String deep) {
        return function + "_" + name() + (left ? "(b, " + line + ", " + deep + ")"
                : "(b, " + deep + ", " + line + ")");
    }

    private String start() {
        return left ? "i0" : "j0";
    }

    private String extent() {
        return left ? "m" : "n";
    }

    /// Where the operand's part of a tile begins.
    private String memory(String tileName) {
        return left ? tileName : tileName + " + " + tile.tileRows() * DEPTH;
    }

    /// What is found out once.
    void begin(KernelWriter w) {
        if (stored.pieces()) {
            w.line("bool aligned_" + name() + " = IS_ALIGNED(" + stored.memory() + ", " + Stored.PIECE + ");");
        }
    }

    /// Begins to bring the tile at depth `q`: to local memory, where the device does that by itself, else to registers.
    void fetch(KernelWriter w) {
        if (!stored.pieces()) {
            elements(w, () -> w.line("held[e] = " + word("q + word * " + numbers) + ";"));
        } else if (!async) {
            pieces(w, true, () -> {
                w.line("if (aligned_" + name() + " && inside == " + stored.perPiece() + ") {");
                w.line("LOAD_PACK(u32, 4, held + e * 4, " + at("place", "line", "deep") + ");");
                w.line("} else {").line("#pragma unroll").line("for (int s = 0; s < 4; s++) {");
                w.line("held[e * 4 + s] = " + wordOfPiece() + ";").line("}").line("}");
            });
        } else {
            w.line("if (aligned_" + name() + ") {");
            pieces(w, true, () -> w.line(w.call("copy_async", "to",
                    "inside > 0 ? " + at("place", "line", "deep") + " : (const void*)" + stored.memory(),
                    "inside * " + stored.dtype().bytes()) + ";"));
            w.line("} else {");
            pieces(w, false, () -> {
                w.line("#pragma unroll").line("for (int s = 0; s < 4; s++) {");
                w.line("to[s] = " + wordOfPiece() + ";").line("}");
            });
            w.line("}");
        }
    }

    /// Stores what came to registers.
    void store(KernelWriter w) {
        if (async) {
            return;
        }
        if (stored.pieces()) {
            pieces(w, true, () -> w.line("STORE_PACK(u32, 4, to, held + e * 4);"));
        } else {
            elements(w, () -> w.line("(" + memory("next") + ")[line * " + DEPTH
                    + " + (word / 4 ^ line / 2 % 4) * 4 + word % 4] = held[e];"));
        }
    }

    /// Does something for each word that a thread brings of a tile: its place among them `e`, its line and the `word`
    /// of it. Neighbouring threads take what lies next to each other in memory.
    private void elements(KernelWriter w, Runnable body) {
        w.line("#pragma unroll").line("for (int e = 0; e < " + words() + "; e++) {");
        w.line("int at = item + e * " + tile.threads() + ";");
        w.line(stored.deep() ? "int line = at / " + DEPTH + ", word = at % " + DEPTH + ";"
                : "int line = at % " + lines + ", word = at / " + lines + ";");
        body.run();
        w.line("}");
    }

    private String word(String first) {
        String line = start() + " + line";
        String low = "(" + line + " < " + extent() + " && " + first + " < depth ? " + at("load", line, first) + " : 0)";
        return numbers == 1 ? low : low + " | (" + line + " < " + extent() + " && " + first + " + 1 < depth ? "
                + at("load", line, first + " + 1") + " : 0) << 16";
    }

    /// Does something for each piece that a thread brings: its place among them `e`, the `line` and the position `deep`
    /// along the depth of its first element, how many of its elements there are `inside` the operand, and where it goes
    /// `to`.
    private void pieces(KernelWriter w, boolean unrolled, Runnable body) {
        int across = wide() ? lines / stored.perPiece() : DEPTH / 4;
        String along = " + piece * " + stored.perPiece();
        w.line("#pragma unroll" + (unrolled ? "" : " 1"));
        w.line("for (int e = 0; e < " + words() / 4 + "; e++) {");
        w.line("int at = item + e * " + tile.threads() + ";");
        w.line("int row = at / " + across + ", piece = at % " + across + ";");
        w.line("idx line = " + start() + (wide() ? along : " + row") + ";");
        w.line("idx deep = q" + (wide() ? " + row" : along) + ";");
        w.line("idx rest = " + (wide() ? extent() + " - line" : "depth - deep") + ";");
        w.line("int inside = line < " + extent() + " && deep < depth ? (rest < " + stored.perPiece() + " ? (int)rest : "
                + stored.perPiece() + ") : 0;");
        w.line("u32* to = " + memory("next") + " + row * " + across * 4 + " + (piece ^ " + spread("row") + ") * 4;");
        body.run();
        w.line("}");
    }

    /// What the number of a piece is changed by in a row of local memory.
    private String spread(String row) {
        return !wide() ? row + " / 2 % 4" : numbers == 2 ? row + " % 8" : row + " % 4 * 2";
    }

    private String wordOfPiece() {
        BinaryOperator<String> element = (number, shift) -> "(" + number + " < inside ? "
                + (wide() ? at("load", "line + " + number, "deep") : at("load", "line", "deep + " + number))
                + " : 0)" + shift;
        return numbers == 1 ? element.apply("s", "")
                : element.apply("s * 2", "") + " | " + element.apply("s * 2 + 1", " << 16");
    }

    /// Takes a warp's fragments out of the tile `now`: 8 words along the depth from `word` on.
    void fragments(KernelWriter w, int word) {
        String memory = "(" + memory("now") + ")";
        int count = left ? tile.rows() : tile.columns();
        String part = left ? "(wy * " + count + " + r)" : "(wx * " + count + " + r)";
        String to = left ? "fa[r]" : "fb[r]";
        boolean scalar = wide() && numbers == 1;
        w.line("#pragma unroll").line("for (int r = 0; r < " + count + "; r += " + (left || scalar ? 1 : 2) + ") {");
        if (scalar) {
            for (int i = 0; i < (left ? 4 : 2); i++) {
                String line = "(" + part + " * " + (left ? 16 : 8) + " + lane / 4"
                        + (left && i % 2 == 1 ? " + 8" : "") + ")";
                int deep = word + (left ? i / 2 : i) * 4;
                w.line(to + "[" + i + "] = " + memory + "[(lane % 4 + " + deep + ") * " + lines + " + (" + line
                        + " / 4 ^ lane % 4 * 2) * 4 + lane / 4 % 4];");
            }
        } else if (wide()) {
            String deep = "(" + (left ? "lane / 16" : "lane / 8 % 2") + " * 8 + lane % 8 + " + word * 2 + ")";
            String piece = left ? part + " * 2 + lane / 8 % 2" : part + " + lane / 16";
            w.line(w.call("load_transposed", to, "&" + memory + "[" + deep + " * " + lines / 2 + " + ((" + piece
                    + ") ^ lane % 8) * 4]") + ";");
        } else {
            String line = left ? part + " * 16 + lane % 16" : part + " * 8 + lane / 16 * 8 + lane % 8";
            String piece = (left ? "lane / 16" : "lane / 8 % 2") + " + " + word / 4;
            w.line(w.call("load_matrices", to, "&" + memory + "[(" + line + ") * " + DEPTH + " + ((" + piece
                    + ") ^ lane / 2 % 4) * 4]") + ";");
        }
        w.line("}");
        if (stored.pieces() && numbers == 1) {
            rounded(w, count, left ? 4 : 2, left ? "fa" : "fb");
        }
    }

    /// Rounds to TF32 what came as it lies in memory.
    private static void rounded(KernelWriter w, int count, int each, String fragments) {
        w.line("#pragma unroll").line("for (int r = 0; r < " + count + "; r++) {");
        w.line("#pragma unroll").line("for (int i = 0; i < " + each + "; i++) {");
        String f = fragments + "[r][i]";
        w.line(f + " = " + w.call("tf32_bits", "F32_BITS(" + f + ")") + ";").line("}").line("}");
    }
}
