package dev.tenon.backend.cpu.conv;

import static dev.tenon.backend.cpu.conv.WinogradTransforms.LANES;
import static dev.tenon.backend.cpu.conv.WinogradTransforms.PLACES;
import static dev.tenon.backend.cpu.conv.WinogradTransforms.POINT;

import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.Workspace;
import java.util.concurrent.atomic.AtomicBoolean;

/// The gradient of the weights of a convolution that [Winograd] computes: `dg = Gᵀ [ (Bᵀ d B) . (A dY Aᵀ) ] G`,
/// summed over all tiles before it is transformed back. The elementwise product is 16 products of matrices, channels in
/// by tiles by channels out.
///
/// Each thread sums its share of the tiles for itself and the shares are added in order, or where there are many
/// weights threads share the channels out. What comes out not finite makes [Conv] compute all anew.
public final class WinogradBackwardWeights {
    /// Sums of so many bytes are not kept once for each thread.
    private static final long MOST_SUMS = 8 << 20;
    /// Tiles of a strip: so many products for each sum that is read and written.
    private static final int LEAST = 128;
    private static final int MOST = 256;

    private final ConvShape s;
    private final WorkerPool pool;
    private final GemmKernel kernel = GemmKernel.f32(true);
    private final WinogradWeights weights;
    private final Winograd tiles;
    /// Bytes from a place of a panel of a strip's gradients to the next, and from a panel to the next.
    private final long place;
    private final long panel;

    WinogradBackwardWeights(ConvShape s, WorkerPool pool) {
        this.s = s;
        this.pool = pool;
        weights = new WinogradWeights(s.c(), s.oc(), false);
        tiles = Winograd.cut(s, pool, Math.clamp(s.c() + (long) s.oc(), LEAST, MOST));
        place = WinogradTransforms.apart(2 * tiles.block());
        panel = PLACES * place;
    }

    /// Computes it.
    ///
    /// @param x the address of the input
    /// @param dy of the output's gradient
    /// @param dw of the weights' gradient
    public void run(long x, long dy, long dw) {
        WinogradImages from = new WinogradImages(x, s.c(), s.inVolume(), false);
        WinogradImages to = new WinogradImages(dy, s.oc(), s.outVolume(), false);
        long bytes = weights.bytes();
        int strips = tiles.strips();
        int parts = bytes > MOST_SUMS ? 1 : Math.min(pool.threads(), strips);
        long sums = Workspace.get().memory(Workspace.PACKED, parts * bytes);
        pool.parallelTasks(parts, (part, ignored) ->
                sum((int) (strips * part / parts), (int) (strips * (part + 1) / parts), from, to, sums + part * bytes));
        AtomicBoolean finite = new AtomicBoolean(true);
        pool.parallelTasks(weights.panels(), (p, ignored) -> {
            long u = sums + weights.panel((int) p);
            for (int part = 1; part < parts; part++) {
                kernel.add(u + part * bytes, u, PLACES * weights.place((int) p) / 4);
            }
            if (!weights.transformBack((int) p, u, dw)) {
                finite.set(false);
            }
        });
        if (!finite.get()) {
            Conv.backwardWeights(kernel, pool, s, x, dy, dw);
        }
    }

    /// Sums over some strips.
    private void sum(int first, int end, WinogradImages x, WinogradImages dy, long sums) {
        long v = Workspace.get().memory(Workspace.LOCAL_ROWS, PLACES * tiles.placeIn());
        long w = Workspace.get().memory(Workspace.LOCAL_PANEL, weights.panels() * panel);
        int in = weights.blocks();
        int out = (s.oc() + LANES - 1) / LANES;
        for (int i = first; i < end; i++) {
            int strip = i;
            boolean add = strip > first;
            pool.parallelTasks(in + out, (task, ignored) -> {
                int b = (int) task - in;
                if (b < 0) {
                    tiles.load(strip, x, (int) task, v);
                } else {
                    tiles.loadGradient(strip, dy, b, w + b / 2 * panel + b % 2 * POINT, row(b / 2), place);
                }
            });
            pool.parallelTasks(weights.panels(), (p, ignored) -> multiply(strip, (int) p, v, w, sums, add));
        }
    }

    /// Bytes from a tile of a panel to the next.
    private long row(int panel) {
        return weights.wide(panel) ? 2 * POINT : POINT;
    }

    private void multiply(int strip, int p, long v, long w, long sums, boolean add) {
        long row = row(p);
        long some = add ? Workspace.get().memory(Workspace.TILE, LANES * row) : 0;
        for (int i = 0; i < PLACES; i++) {
            for (int b = 0; b < weights.blocks(); b++) {
                int rows = Math.min(LANES, s.c() - b * LANES);
                long to = sums + weights.panel(p) + i * weights.place(p) + b * LANES * row;
                kernel.tile(rows, weights.wide(p), tiles.tiles(strip), v + i * tiles.placeIn() + b * tiles.block(),
                        POINT, w + p * panel + i * place, row, add ? some : to, row);
                if (add) {
                    kernel.add(some, to, rows * row / 4);
                }
            }
        }
    }
}
