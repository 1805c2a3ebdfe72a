package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;

/// The right operand of many products, packed once: panels of all its `k` rows, as [GemmKernel#packB] makes them.
public final class PackedB implements PackB {
    private final GemmKernel kernel;
    private final int k;
    private final long address;

    private PackedB(GemmKernel kernel, int k, long address) {
        this.kernel = kernel;
        this.k = k;
        this.address = address;
    }

    /// What a packed matrix of floats takes.
    public static long bytes(GemmKernel kernel, int k, int n) {
        int nr = kernel.nr();
        return (long) (n + nr - 1) / nr * nr * k * kernel.bytes();
    }

    /// Packs a matrix `[k, n]`.
    ///
    /// @param pool whose threads share the work, or null for the calling thread alone
    /// @param to where, [#bytes] long; it stays the caller's
    public static PackedB of(GemmKernel kernel, WorkerPool pool, int k, int n, PackB b, long to) {
        PackedB p = new PackedB(kernel, k, to);
        int nr = kernel.nr();
        int panels = (n + nr - 1) / nr;
        WorkerPool.RangeBody some = (from, end) -> {
            for (int j = (int) from * nr; j < end * nr; j += nr) {
                b.pack(0, k, j, Math.min(nr, n - j), p.direct(0, j));
            }
        };
        if (pool == null) {
            some.run(0, panels);
        } else {
            pool.parallelFor(panels, Math.max(1, 60_000 / (nr * k)), some);
        }
        return p;
    }

    @Override
    public void pack(int k0, int kc, int j0, int cols, long dst) {
        long panel = (long) kernel.nr() * kc * kernel.bytes();
        for (int j = 0; j < cols; j += kernel.nr(), dst += panel) {
            Mem.copy(direct(k0, j0 + j), dst, panel);
        }
    }

    /// Panels begin at multiples of their width.
    @Override
    public long direct(int i, int j) {
        int nr = kernel.nr();
        return address + ((long) j / nr * k + i) * nr * kernel.bytes();
    }

    @Override
    public long step() {
        return (long) kernel.nr() * kernel.bytes();
    }
}
