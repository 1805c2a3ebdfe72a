package dev.tenon.kernel;

import dev.tenon.api.DType;

/// How the work of attention is cut: a group owns `rows` rows and takes `columns` of the other side at a time. Its
/// items, `x` times `y` of them, compute patches of `high` rows and `broad` columns.
///
/// @param lanes of the vectors that patches are computed in, 0 for none
/// @param mma whether products are left to tensor cores
record AttentionTile(int rows, int columns, int x, int y, int high, int broad, int lanes, boolean mma) {
    /// An array that a group shares, in local memory, or has to itself.
    record Array(String name, int stride) {
        String at(String row, String column) {
            return name + "[(" + row + ") * " + stride + " + " + column + "]";
        }
    }

    boolean vectors() {
        return lanes > 0;
    }

    int local() {
        return x * y;
    }

    /// Columns beyond the last full patch are padding.
    int padded(int n) {
        int patch = mma ? MmaProduct.COLUMNS : broad;
        return (n + patch - 1) / patch * patch;
    }

    /// The vector that starts at an element.
    String load(String type, String element) {
        return "VLOAD(" + type + ", " + lanes + ", &" + element + ")";
    }

    /// `to = start + a x b`, of `columns` columns, a multiple of those of a patch.
    ///
    /// @param factor the array whose element for each row multiplies what `to` holds, "1" to keep it, "" to
    ///     overwrite it
    void product(KernelWriter w, DType dtype, Array to, Array a, Array b, int depth, int columns, String factor) {
        if (mma) {
            MmaProduct.write(w, dtype, rows, columns, depth, local(), to::at, a::at, b::at,
                    (held, row) -> started(held, row, factor));
            return;
        }
        String type = Types.of(dtype.kind());
        w.line("for (int rb = y; rb < " + rows / high + "; rb += " + y + ") {");
        w.line("for (int cb = x; cb < " + columns / broad + "; cb += " + x + ") {");
        if (vectors()) {
            vectorProduct(w, type, to, a, b, depth, factor);
        } else {
            scalarProduct(w, type, to, a, b, depth, factor);
        }
        w.line("}").line("}");
    }

    private static String started(String held, String row, String factor) {
        return factor.isEmpty() ? "0" : factor.equals("1") ? held : held + " * " + factor + "[" + row + "]";
    }

    private void scalarProduct(KernelWriter w, String type, Array to, Array a, Array b, int depth, String factor) {
        String row = "rb * " + high + " + ri";
        String column = "cb * " + broad + " + ci";
        String loops = "for (int ri = 0; ri < " + high + "; ri++) {";
        String inner = "for (int ci = 0; ci < " + broad + "; ci++) {";
        w.line(type + " c[" + high + "][" + broad + "];");
        w.line(loops).line(inner).line("c[ri][ci] = " + started(to.at(row, column), row, factor) + ";");
        w.line("}").line("}");
        w.line("for (int d = 0; d < " + depth + "; d++) {");
        w.line("#pragma unroll").line(loops).line("#pragma unroll").line(inner);
        w.line("c[ri][ci] = MUL_ADD(" + a.at(row, "d") + ", " + b.at("d", column) + ", c[ri][ci]);");
        w.line("}").line("}").line("}");
        w.line(loops).line(inner).line(to.at(row, column) + " = c[ri][ci];").line("}").line("}");
    }

    private void vectorProduct(KernelWriter w, String type, Array to, Array a, Array b, int depth, String factor) {
        int count = broad / lanes;
        String vector = "VEC(" + type + ", " + lanes + ")";
        for (int i = 0; i < high; i++) {
            String row = "rb * " + high + " + " + i;
            for (int v = 0; v < count; v++) {
                String held = load(type, to.at(row, "cb * " + broad + " + " + v * lanes));
                w.line(vector + " c" + i + "_" + v + " = " + started(held, row, factor) + ";");
            }
        }
        w.line("for (int d = 0; d < " + depth + "; d++) {");
        for (int v = 0; v < count; v++) {
            w.line(vector + " x" + v + " = " + load(type, b.at("d", "cb * " + broad + " + " + v * lanes)) + ";");
        }
        for (int i = 0; i < high; i++) {
            w.line(type + " a" + i + " = " + a.at("rb * " + high + " + " + i, "d") + ";");
            for (int v = 0; v < count; v++) {
                String c = "c" + i + "_" + v;
                w.line(c + " = MUL_ADD((" + vector + ")(a" + i + "), x" + v + ", " + c + ");");
            }
        }
        w.line("}");
        for (int i = 0; i < high; i++) {
            for (int v = 0; v < count; v++) {
                w.line("VSTORE(" + type + ", " + lanes + ", c" + i + "_" + v + ", &"
                        + to.at("rb * " + high + " + " + i, "cb * " + broad + " + " + v * lanes) + ");");
            }
        }
    }
}
