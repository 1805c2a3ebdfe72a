package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.WorkerPool;

/// Matrix products `C[m, n] (+)= A[m, k] * B[k, n]`.
///
/// The inner dimension is cut into blocks so that a packed panel of B stays in the first-level cache. In each block the operand of the
/// shorter side is packed once for all threads, and the threads share out the longer side, packing the other operand panel by panel just
/// before they use it. Each element of C is summed in the same order whatever the number of threads.
public final class Gemm {

    /// Inner block: a panel of B of this height just fills a first-level cache of 32 KiB.
    private static final int KC = 256;
    /// The most rows of A, or columns of B, packed at a time for all threads.
    private static final int SHARED_ROWS = 2048;
    private static final int SHARED_COLS = 4096;
    /// Rows that one task packs for itself.
    private static final int TASK_ROWS = 128;
    /// Columns that one task takes before the epilogue sees them.
    private static final int TASK_PANELS = 16;
    /// Up to this many rows, B is read in place: packing it costs more than it saves.
    private static final int DIRECT_ROWS = 16;
    /// Products smaller than this (in multiplications) are not worth waking a thread for.
    private static final long PARALLEL_WORK = 200_000;

    private final GemmKernel kernel;
    private final WorkerPool pool;
    private final int m;
    private final int n;
    private final int k;
    private final PackA a;
    private final PackB b;
    private final StoreC c;
    private final boolean add;
    private final Epilogue epilogue;
    private final boolean parallel;

    private Gemm(
            GemmKernel kernel, WorkerPool pool, int m, int n, int k, PackA a, PackB b, StoreC c, boolean add, Epilogue epilogue) {
        this.kernel = kernel;
        this.pool = pool;
        this.m = m;
        this.n = n;
        this.k = k;
        this.a = a;
        this.b = b;
        this.c = c;
        this.add = add;
        this.epilogue = epilogue;
        parallel = pool.threads() > 1 && (long) m * n * k > PARALLEL_WORK;
    }

    /// The product of operands that pack themselves.
    ///
    /// @param add whether to add to C instead of overwriting it
    /// @param epilogue called for finished parts, or null
    public static void run(
            GemmKernel kernel, WorkerPool pool, int m, int n, int k, PackA a, PackB b, StoreC c, boolean add, Epilogue epilogue) {
        if (m <= 0 || n <= 0) {
            return;
        }
        Gemm g = new Gemm(kernel, pool, m, n, k, a, b, c, add, epilogue);
        if (k <= 0) {
            g.nothing();
        } else if (n >= m || n > 4 * kernel.nr() && m <= TASK_ROWS) {
            g.overColumns();
        } else {
            g.overRows();
        }
    }

    /// An empty sum is zero.
    private void nothing() {
        if (!add) {
            Object acc = kernel.newArray(kernel.mr() * kernel.nr());
            for (int i = 0; i < m; i += kernel.mr()) {
                for (int j = 0; j < n; j += kernel.nr()) {
                    c.store(kernel, acc, i, Math.min(kernel.mr(), m - i), j, Math.min(kernel.nr(), n - j), false);
                }
            }
        }
        if (epilogue != null) {
            epilogue.apply(0, m, 0, n);
        }
    }

    private int innerBlock() {
        int blocks = ceil(k, KC);
        return blocks == 1 ? k : ceil(ceil(k, blocks), 8) * 8;
    }

    private static int ceil(int x, int y) {
        return (x + y - 1) / y;
    }

    private void tasks(int count, WorkerPool.RangeBody body) {
        if (parallel) {
            pool.parallelTasks(count, body);
        } else {
            for (int t = 0; t < count; t++) {
                body.run(t, t + 1);
            }
        }
    }

    private void split(int panels, WorkerPool.RangeBody body) {
        if (parallel) {
            pool.parallelFor(panels, 2, body);
        } else {
            body.run(0, panels);
        }
    }

    private void overColumns() {
        int mr = kernel.mr();
        int block = innerBlock();
        int rowsAtOnce = Math.min(SHARED_ROWS, ceil(m, mr) * mr);
        Object packed = Workspace.get().shared(kernel, rowsAtOnce * block);
        int panels = ceil(n, kernel.nr());
        int threads = parallel ? pool.threads() : 1;
        int perTask = Math.clamp(ceil(panels, threads * 4), 1, TASK_PANELS);
        int colTasks = ceil(panels, perTask);
        for (int i0 = 0; i0 < m; i0 += rowsAtOnce) {
            int rows = Math.min(rowsAtOnce, m - i0);
            int rowPanels = ceil(rows, mr);
            int rowTasks = Math.clamp(threads / colTasks, 1, ceil(rowPanels, 2));
            int rowStep = ceil(rowPanels, rowTasks) * mr;
            int first = i0;
            for (int k0 = 0; k0 < k; k0 += block) {
                int kc = Math.min(block, k - k0);
                int from = k0;
                split(rowPanels, (f, t) -> a.pack(
                        first + (int) f * mr, Math.min((int) (t - f) * mr, rows - (int) f * mr), from, kc, packed, (int) f * mr * kc));
                tasks(colTasks * rowTasks, (t, ignored) -> {
                    int j = (int) t % colTasks * perTask;
                    int r0 = (int) t / colTasks * rowStep;
                    if (r0 < rows) {
                        columnTask(packed, first, r0, Math.min(rowStep, rows - r0), j, Math.min(panels, j + perTask), from, kc);
                    }
                });
            }
        }
    }

    private void columnTask(Object packed, int i0, int r0, int rows, int panelFrom, int panelTo, int k0, int kc) {
        int nr = kernel.nr();
        int mr = kernel.mr();
        Workspace w = Workspace.get();
        Object acc = w.tile(kernel);
        long panel = w.memory(Workspace.LOCAL_PANEL, (long) kc * nr * kernel.bytes());
        boolean plus = add || k0 > 0;
        for (int p = panelFrom; p < panelTo; p++) {
            int j = p * nr;
            int cols = Math.min(nr, n - j);
            long at = m <= DIRECT_ROWS && cols == nr ? b.direct(k0, j) : 0;
            long step = b.step();
            if (at == 0) {
                b.pack(k0, kc, j, cols, panel);
                at = panel;
                step = (long) nr * kernel.bytes();
            }
            for (int i = r0; i < r0 + rows; i += mr) {
                kernel.tile(kc, packed, i * kc, at, step, acc);
                c.store(kernel, acc, i0 + i, Math.min(mr, r0 + rows - i), j, cols, plus);
            }
        }
        if (epilogue != null && k0 + kc == k) {
            int j = panelFrom * nr;
            epilogue.apply(i0 + r0, rows, j, Math.min(n, panelTo * nr) - j);
        }
    }

    private void overRows() {
        int mr = kernel.mr();
        int nr = kernel.nr();
        int block = innerBlock();
        int colsAtOnce = Math.min(SHARED_COLS, ceil(n, nr) * nr);
        long packed = Workspace.get().memory(Workspace.SHARED, (long) colsAtOnce * block * kernel.bytes());
        int threads = parallel ? pool.threads() : 1;
        int rowStep = Math.clamp(ceil(ceil(m, mr), threads * 4), 1, TASK_ROWS / mr) * mr;
        for (int j0 = 0; j0 < n; j0 += colsAtOnce) {
            int cols = Math.min(colsAtOnce, n - j0);
            int panels = ceil(cols, nr);
            int first = j0;
            for (int k0 = 0; k0 < k; k0 += block) {
                int kc = Math.min(block, k - k0);
                int from = k0;
                split(panels, (f, t) -> b.pack(
                        from, kc, first + (int) f * nr, Math.min((int) (t - f) * nr, cols - (int) f * nr),
                        packed + f * nr * kc * kernel.bytes()));
                tasks(ceil(m, rowStep), (t, ignored) -> {
                    int i = (int) t * rowStep;
                    rowTask(packed, i, Math.min(rowStep, m - i), first, cols, from, kc);
                });
            }
        }
    }

    private void rowTask(long packed, int i0, int rows, int j0, int cols, int k0, int kc) {
        int nr = kernel.nr();
        int mr = kernel.mr();
        Workspace w = Workspace.get();
        Object acc = w.tile(kernel);
        Object mine = w.local(kernel, (rows + mr) * kc);
        a.pack(i0, rows, k0, kc, mine, 0);
        boolean plus = add || k0 > 0;
        long step = (long) nr * kernel.bytes();
        for (int j = 0; j < cols; j += nr) {
            for (int i = 0; i < rows; i += mr) {
                kernel.tile(kc, mine, i * kc, packed + (long) j * kc * kernel.bytes(), step, acc);
                c.store(kernel, acc, i0 + i, Math.min(mr, rows - i), j0 + j, Math.min(nr, cols - j), plus);
            }
        }
        if (epilogue != null && k0 + kc == k) {
            epilogue.apply(i0, rows, j0, cols);
        }
    }
}
