package dev.tenon.kernel;

import dev.tenon.api.DType;
import java.util.function.UnaryOperator;

/// Products of large matrices on tensor cores, for CUDA. A group reads a tile of both operands to registers while the
/// tensor cores multiply the one before it; two tiles have room in shared memory, so that one barrier for each is
/// enough. Each warp computes its part of the tile of sums from fragments that `ldmatrix` takes out of shared memory;
/// at the end the sums go through shared memory once more, so that a warp stores whole rows.
///
/// A warp computes 32 x 32 sums: of a thread's registers 32 hold sums, 16 fragments, and the next tile and its
/// addresses take what is left of 128. So a tile of 128 x 128 with 512 threads, or four of 64 x 64 with 128 threads,
/// fit the 65,536 registers of a multiprocessor and leave 16 warps to hide latency. (Warps of 64 x 32 sums need 160
/// registers, or spill.) Shared memory: 40 KiB or 20 KiB, within what every device gives a group without being asked.
final class MmaSource {
    /// Words of 32 bits by which tiles are deep.
    static final int DEPTH = 16;
    /// Words from one row of a tile to the next: a multiple of 4 for loads of 16 bytes, and an odd one, so that eight
    /// rows lie in different banks.
    private static final int STRIDE = DEPTH + 4;
    private static final int WARP = 32;

    private final DType dtype;
    private final GemmTile tile;
    private final int warpsDown;
    private final int warpsAcross;
    private final int numbers;

    /// @param tile how many pieces of 16 rows, and of 8 columns, a warp computes
    /// @param warpsDown how many warps lie one below the other
    MmaSource(DType dtype, GemmTile tile, int warpsDown, int warpsAcross) {
        this.dtype = dtype;
        this.tile = tile;
        this.warpsDown = warpsDown;
        this.warpsAcross = warpsAcross;
        this.numbers = dtype.bytes() == 2 ? 2 : 1;
    }

    /// The shape for a product: large tiles where these are enough for all multiprocessors.
    static MmaSource of(DType dtype, DeviceTraits traits, long batch, long m, long n) {
        MmaSource large = new MmaSource(dtype, new GemmTile(2, 4, DEPTH), 4, 4);
        boolean enough = m >= large.rows() && n >= large.columns()
                && batch * large.tiles(m, large.rows()) * large.tiles(n, large.columns()) >= traits.units();
        return enough ? large : new MmaSource(dtype, new GemmTile(2, 4, DEPTH), 2, 2);
    }

    private int rows() {
        return 16 * tile.rows() * warpsDown;
    }

    private int columns() {
        return 8 * tile.columns() * warpsAcross;
    }

    private int threads() {
        return WARP * warpsDown * warpsAcross;
    }

    private long tiles(long extent, int side) {
        return (extent + side - 1) / side;
    }

    /// The kernel.
    ///
    /// @param w has functions `load_a` and `load_b`, which give bits as [Types.Reading#BITS] does, and `store`
    /// @param deepA whether elements of the left operand that follow each other along the depth are neighbours
    GeneratedKernel kernel(KernelWriter w, long batch, long m, long n, long k, boolean deepA, boolean deepB) {
        long tm = tiles(m, rows());
        long tn = tiles(n, columns());
        int stage = (rows() + columns()) * STRIDE;
        int perA = rows() * DEPTH / threads();
        int perB = columns() * DEPTH / threads();
        w.number("m", m);
        w.number("n", n);
        w.number("depth", k);
        w.line("LOCAL ALIGN(16) u32 tiles[" + 2 * stage + "];");
        w.line("idx g = (idx)GROUP;");
        w.line("idx j0 = g % " + w.number("tiles_n", tn) + " * " + columns() + ";");
        w.line("idx i0 = g / tiles_n % " + w.number("tiles_m", tm) + " * " + rows() + ";");
        w.line("idx b = g / tiles_n / tiles_m;");
        w.line("int item = (int)ITEM;").line("int lane = item % 32;");
        w.line("int wy = item / 32 / " + warpsAcross + ";").line("int wx = item / 32 % " + warpsAcross + ";");
        w.line("f32 c[" + tile.rows() + "][" + tile.columns() + "][4];");
        sums(w, () -> w.line("c[r][s][0] = c[r][s][1] = c[r][s][2] = c[r][s][3] = 0;"));
        w.line("u32* now = tiles;").line("u32* next = tiles + " + stage + ";");
        w.line("u32 held[" + Math.max(perA, perB) + "];");
        int step = DEPTH * numbers;
        w.line("for (idx q = 0; q < depth + " + step + "; q += " + step + ") {");
        // One operand after the other, so that few registers are needed; the loads of each have a half of the
        // multiplications to arrive in.
        w.line("if (q < depth) {");
        words(w, perA, rows(), deepA, () -> w.line("held[e] = "
                + word("load_a(b, i0 + line, ", "i0 + line < m", deep -> deep + ")") + ";"));
        w.line("}");
        multiply(w, 0);
        w.line("if (q < depth) {");
        words(w, perA, rows(), deepA, () -> w.line("next[line * " + STRIDE + " + word] = held[e];"));
        words(w, perB, columns(), deepB, () -> w.line("held[e] = "
                + word("load_b(b, ", "j0 + line < n", deep -> deep + ", j0 + line)") + ";"));
        w.line("}");
        multiply(w, 8);
        w.line("if (q < depth) {");
        words(w, perB, columns(), deepB, () -> w.line("next[(" + rows() + " + line) * " + STRIDE
                + " + word] = held[e];"));
        w.line("}");
        w.line("BARRIER;");
        w.line("u32* last = now;").line("now = next;").line("next = last;").line("}");
        stores(w);
        return w.finish(batch * tm * tn, threads());
    }

    /// Does something for each word that a thread brings of a tile: its place among them `e`, row or column `line`, and
    /// `word` of it. Neighbouring threads take what lies next to each other in memory.
    private void words(KernelWriter w, int count, int lines, boolean deep, Runnable body) {
        w.line("#pragma unroll").line("for (int e = 0; e < " + count + "; e++) {");
        w.line("int at = item + e * " + threads() + ";");
        w.line(deep ? "int line = at / " + DEPTH + ", word = at % " + DEPTH + ";"
                : "int line = at % " + lines + ", word = at / " + lines + ";");
        body.run();
        w.line("}");
    }

    private String word(String load, String inside, UnaryOperator<String> rest) {
        String first = "q + word * " + numbers;
        String low = "(" + inside + " && " + first + " < depth ? " + load + rest.apply(first) + " : 0)";
        return numbers == 1 ? low
                : low + " | (" + inside + " && " + first + " + 1 < depth ? " + load + rest.apply(first + " + 1")
                        + " : 0) << 16";
    }

    private void sums(KernelWriter w, Runnable body) {
        w.line("#pragma unroll").line("for (int r = 0; r < " + tile.rows() + "; r++) {");
        w.line("#pragma unroll").line("for (int s = 0; s < " + tile.columns() + "; s++) {");
        body.run();
        w.line("}").line("}");
    }

    /// Multiplies 8 words of the depth of the tile that is there, if there is one.
    private void multiply(KernelWriter w, int word) {
        w.line("if (q > 0) {");
        w.line("u32 fa[" + tile.rows() + "][4];").line("u32 fb[" + tile.columns() + "][2];");
        w.line("#pragma unroll").line("for (int r = 0; r < " + tile.rows() + "; r++) {");
        w.line(w.call("load_matrices", "fa[r]", "&now[((wy * " + tile.rows() + " + r) * 16 + lane % 16) * " + STRIDE
                + " + lane / 16 * 4 + " + word + "]") + ";").line("}");
        w.line("#pragma unroll").line("for (int s = 0; s < " + tile.columns() + "; s += 2) {");
        w.line(w.call("load_matrices", "fb[s]", "&now[(" + rows() + " + (wx * " + tile.columns()
                + " + s) * 8 + lane / 16 * 8 + lane % 8) * " + STRIDE + " + lane / 8 % 2 * 4 + " + word + "]") + ";");
        w.line("}");
        sums(w, () -> w.line(w.call(TensorCores.helper(dtype), "c[r][s]", "fa[r]", "fb[s]") + ";"));
        w.line("}");
    }

    /// Stores the sums, 16 rows of each warp at a time.
    private void stores(KernelWriter w) {
        int broad = 8 * tile.columns();
        int stride = broad + 8;
        w.line("u32* part = tiles + item / 32 * " + 16 * stride + ";");
        w.line("#pragma unroll").line("for (int r = 0; r < " + tile.rows() + "; r++) {");
        w.line("#pragma unroll").line("for (int s = 0; s < " + tile.columns() + "; s++) {");
        w.line("u32* to = part + lane / 4 * " + stride + " + s * 8 + lane % 4 * 2;");
        for (int i = 0; i < 4; i++) {
            w.line("to[" + (i / 2 * 8 * stride + i % 2) + "] = BITS_F32(c[r][s][" + i + "]);");
        }
        w.line("}").line("__syncwarp();");
        w.line("for (int e = lane; e < " + 16 * broad + "; e += 32) {");
        w.line("idx i = i0 + (wy * " + tile.rows() + " + r) * 16 + e / " + broad + ";");
        w.line("idx j = j0 + wx * " + broad + " + e % " + broad + ";");
        w.line("if (i < m && j < n) {");
        w.line("store(b, i, j, F32_BITS(part[e / " + broad + " * " + stride + " + e % " + broad + "]));");
        w.line("}").line("}").line("__syncwarp();").line("}");
    }
}
