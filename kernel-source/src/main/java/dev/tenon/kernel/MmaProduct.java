package dev.tenon.kernel;

import dev.tenon.api.DType;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/// A product of two matrices of `f32` that a group has in shared memory, rounded to 16 bits and multiplied by tensor
/// cores. Each warp computes pieces of 16 rows and of some times 8 columns.
final class MmaProduct {
    /// Columns of the result come in eights.
    static final int COLUMNS = 8;
    private static final int ROWS = 16;
    private static final int DEPTH = 16;

    private MmaProduct() {}

    /// Writes `to = start + a x b`.
    ///
    /// @param rows a multiple of 16
    /// @param columns a multiple of 8
    /// @param threads those of the group, `item` among them; whole warps
    /// @param to the text of an element of the result, given its row and column
    /// @param start what an element begins with, given its text and its row
    static void write(KernelWriter w, DType dtype, int rows, int columns, int depth, int threads,
            BinaryOperator<String> to, BinaryOperator<String> a, BinaryOperator<String> b,
            BinaryOperator<String> start) {
        int warps = threads / 32;
        int pieces = columns / COLUMNS;
        int across = 4;
        // Wider pieces share what is read of the left operand, as long as there is one for every warp.
        while (across > 1 && (pieces % across != 0 || rows / ROWS * (pieces / across) < warps)) {
            across /= 2;
        }
        int wide = pieces / across;
        w.line("for (int piece = item / 32; piece < " + rows / ROWS * wide + "; piece += " + warps + ") {");
        w.line("int row = piece / " + wide + " * " + ROWS + " + item % 32 / 4;");
        w.line("int column = piece % " + wide + " * " + across * COLUMNS + ";");
        w.line("f32 c[" + across + "][4];");
        String loop = "for (int s = 0; s < " + across + "; s++) {";
        w.line("#pragma unroll").line(loop);
        for (int i = 0; i < 4; i++) {
            w.line("c[s][" + i + "] = " + start.apply(to.apply(rowOf(i), columnOf(i)), rowOf(i)) + ";");
        }
        w.line("}");
        w.line("for (int d = item % 4 * 2; d < " + (depth + DEPTH - 1) / DEPTH * DEPTH + "; d += " + DEPTH + ") {");
        w.line("u32 fa[4];");
        for (int i = 0; i < 4; i++) {
            String row = i % 2 == 0 ? "row" : "row + 8";
            w.line("fa[" + i + "] = " + pair(w, dtype, depth, i / 2 * 8, at -> a.apply(row, at)) + ";");
        }
        w.line("#pragma unroll").line(loop).line("u32 fb[2];");
        for (int i = 0; i < 2; i++) {
            w.line("fb[" + i + "] = "
                    + pair(w, dtype, depth, i * 8, at -> b.apply(at, "column + s * 8 + item % 32 / 4")) + ";");
        }
        w.line(w.call(TensorCores.helper(dtype), "c[s]", "fa", "fb") + ";").line("}").line("}");
        w.line("#pragma unroll").line(loop);
        for (int i = 0; i < 4; i++) {
            w.line(to.apply(rowOf(i), columnOf(i)) + " = c[s][" + i + "];");
        }
        w.line("}").line("}");
    }

    private static String rowOf(int i) {
        return i < 2 ? "row" : "row + 8";
    }

    private static String columnOf(int i) {
        return "column + s * 8 + item % 4 * 2" + (i % 2 == 0 ? "" : " + 1");
    }

    /// Two elements that follow each other along the depth, the first `more` places on; 0 beyond its end.
    private static String pair(KernelWriter w, DType dtype, int depth, int more, UnaryOperator<String> element) {
        String low = more == 0 ? "d" : "d + " + more;
        String high = "d + " + (more + 1);
        boolean whole = depth % DEPTH == 0;
        return w.call(dtype == DType.F16 ? "pair_f16" : "pair_bf16",
                whole ? element.apply(low) : low + " < " + depth + " ? " + element.apply(low) + " : 0",
                whole ? element.apply(high) : high + " < " + depth + " ? " + element.apply(high) + " : 0");
    }
}
