package dev.tenon.kernel;

import dev.tenon.api.DType;

/// Products of large matrices on tensor cores, for CUDA. Tiles of both operands go through local memory, in a ring of
/// stages: while the tensor cores multiply one, later ones arrive, so that one barrier for each is enough. What the
/// device cannot copy there by itself (see [MmaOperand]) goes through registers meanwhile. Each warp computes its part
/// of the tile of sums from fragments that `ldmatrix` takes out of local memory; at the end the sums go through local
/// memory once more, so that a warp stores whole rows.
///
/// A thread may take 128 registers, so that 512 threads fit a multiprocessor. In warps of 32 x 32 sums 32 of them hold
/// sums, 16 fragments, and the next tile and its addresses take the rest. Where both operands go past the registers,
/// warps of 64 x 32 sums fit as well, and take a quarter less out of local memory for each product. Local memory: 48
/// KiB at most, which every device gives a group without being asked.
final class MmaSource {
    private static final int DEPTH = MmaTile.DEPTH;

    private final DType dtype;
    private final MmaTile tile;
    private final MmaOperand a;
    private final MmaOperand b;

    MmaSource(MmaTile tile, Stored a, Stored b, boolean async) {
        this.dtype = a.dtype();
        this.tile = tile;
        this.a = new MmaOperand(a, true, tile, async);
        this.b = new MmaOperand(b, false, tile, async);
    }

    /// The kernel.
    ///
    /// @param w has functions `load_a` and `load_b`, which give bits as [Types.Reading#BITS] does, `place_a` and
    ///     `place_b` for operands that come in pieces, and `store`; where the depth is split, that one is given the
    ///     number of the split times `batch` more than the number of the batch
    GeneratedKernel kernel(KernelWriter w, long batch, long m, long n, long k) {
        int stage = tile.stageWords();
        int step = MmaTile.step(dtype);
        int ahead = (tile.stages() - 1) * step;
        w.line("LOCAL ALIGN(16) u32 tiles[" + Math.max(tile.stages() * stage, storeWords()) + "];");
        long groups = GemmSource.groups(w, tile.tileRows(), tile.tileColumns(), tile.splits(), step, batch, m, n, k);
        w.line("int item = (int)ITEM;").line("int lane = item % 32;");
        w.line("int wy = item / 32 / " + tile.warpsAcross() + ";");
        w.line("int wx = item / 32 % " + tile.warpsAcross() + ";");
        w.line("f32 c[" + tile.rows() + "][" + tile.columns() + "][4];");
        sums(w, () -> w.line("c[r][s][0] = c[r][s][1] = c[r][s][2] = c[r][s][3] = 0;"));
        a.begin(w);
        b.begin(w);
        w.line("u32* next = tiles;").line("u32* now = tiles + " + stage + ";");
        if (!a.isAsync() || !b.isAsync()) {
            w.line("ALIGN(16) u32 held[" + Math.max(a.isAsync() ? 0 : a.words(), b.isAsync() ? 0 : b.words()) + "];");
        }
        w.line("for (idx q = begin; q < end + " + ahead + "; q += " + step + ") {");
        // Through registers one operand comes after the other, so that few are needed; each has a half of the
        // multiplications to arrive in.
        w.line("if (q < end) {");
        if (b.isAsync()) {
            b.fetch(w);
        }
        a.fetch(w);
        w.line("}");
        if (a.isAsync() || b.isAsync()) {
            w.line(w.call("commit_copies") + ";");
        }
        multiply(w, 0, ahead);
        if (!a.isAsync() || !b.isAsync()) {
            w.line("if (q < end) {");
            a.store(w);
            if (!b.isAsync()) {
                b.fetch(w);
            }
            w.line("}");
        }
        multiply(w, 8, ahead);
        if (!b.isAsync()) {
            w.line("if (q < end) {");
            b.store(w);
            w.line("}");
        }
        if (a.isAsync() || b.isAsync()) {
            // All but those begun last: the tile that is multiplied next is there.
            w.line(w.call("wait_copies", Integer.toString(tile.stages() - 2)) + ";");
        }
        w.line("BARRIER;");
        w.line("next = now;");
        w.line("now = now == tiles + " + (tile.stages() - 1) * stage + " ? tiles : now + " + stage + ";").line("}");
        stores(w);
        return w.finish(groups, tile.threads());
    }

    private void sums(KernelWriter w, Runnable body) {
        w.line("#pragma unroll").line("for (int r = 0; r < " + tile.rows() + "; r++) {");
        w.line("#pragma unroll").line("for (int s = 0; s < " + tile.columns() + "; s++) {");
        body.run();
        w.line("}").line("}");
    }

    /// Multiplies 8 words of the depth of the tile that is there, if there is one.
    private void multiply(KernelWriter w, int word, int ahead) {
        w.line("if (q >= begin + " + ahead + ") {");
        w.line("u32 fa[" + tile.rows() + "][4];").line("u32 fb[" + tile.columns() + "][2];");
        a.fragments(w, word);
        b.fragments(w, word);
        sums(w, () -> w.line(w.call(TensorCores.helper(dtype), "c[r][s]", "fa[r]", "fb[s]") + ";"));
        w.line("}");
    }

    private int storeStride() {
        return 8 * tile.columns() + 8;
    }

    private int storeWords() {
        return tile.threads() / 32 * 16 * storeStride();
    }

    /// Stores the sums, 16 rows of each warp at a time.
    private void stores(KernelWriter w) {
        int broad = 8 * tile.columns();
        int stride = storeStride();
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
        w.line("store(to_b, i, j, F32_BITS(part[e / " + broad + " * " + stride + " + e % " + broad + "]));");
        w.line("}").line("}").line("__syncwarp();").line("}");
    }
}
