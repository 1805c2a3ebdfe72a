package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.WorkerPool;

/// Matrix products `C[m, n] (+)= A[m, k] * B[k, n]`.
///
/// C is cut into cells that threads take one by one, each packing what it needs of both operands for itself: packing
/// costs a few per cent of a
/// cell, less than waiting for each other at every inner block would. A right operand that several cells of rows want
/// is packed before, by all threads. In a cell the inner dimension is cut into blocks so that the rows of A and a
/// panel of B stay in the second-level cache: a tile reads them in order, and that cache is fast enough for it. What
/// costs is adding to C once for each block, as C comes from far away by then, so blocks are long. Each element of C is
/// summed in the same order whatever the cells, and their sizes do not depend on the number of threads.
public final class Gemm {

    /// Products smaller than this (in multiplications) are not worth waking a thread for.
    private static final long PARALLEL_WORK = 200_000;
    /// The most columns of a cell; and of one of several below each other, which read the same part of B.
    private static final int CELL_COLS = 2048;
    private static final int SHARED_COLS = 512;
    /// Operands read by at most this many tiles are read in place if they can be: packing them costs more than it
    /// saves.
    private static final int DIRECT_TILES = 2;

    private static final int PAGE = 4096;
    /// Packing fewer elements than this more than once costs less than one more turn of all threads.
    private static final long PARALLEL_PACKING = 100_000;
    /// The most bytes of B that are packed as a whole.
    private static final long PACKED_ONCE = 16 << 20;

    private final GemmKernel kernel;
    private final int m;
    private final int n;
    private final int k;
    private final PackA a;
    private PackB b;
    private final StoreC c;
    private final boolean add;
    private final Epilogue epilogue;
    private final int block;
    private boolean packed;
    private int rowCells = 1;
    private int colCells = 1;
    private int cellRows;
    private int cellCols;
    private int groupCols;
    /// Rows after which the epilogue has its turn.
    private int stripRows;

    private Gemm(GemmKernel kernel, int m, int n, int k, PackA a, PackB b, StoreC c, boolean add, Epilogue epilogue) {
        this.kernel = kernel;
        this.m = m;
        this.n = n;
        this.k = k;
        this.a = a;
        this.b = b;
        this.c = c;
        this.add = add;
        this.epilogue = epilogue;
        block = block(inner(kernel, m));
    }

    /// The longest inner block: an eighth of the second-level cache for a panel of B. Where every cell of rows packs B
    /// for itself, since all of it is too much, as many rows as there are have to find room beside it.
    private int inner(GemmKernel kernel, int m) {
        int bytes = kernel.bytes();
        int most = Math.clamp(Cache.L2 / 8 / (kernel.nr() * bytes) / 16 * 16, 64, 1024);
        if (m <= rowsMost(block(most)) || PackedB.bytes(kernel, k, n) <= PACKED_ONCE) {
            return most;
        }
        int few = Math.max(64, Cache.L1 * 3 / 4 / (kernel.nr() * bytes) / 16 * 16);
        return Math.clamp(Cache.L2 / 2 / (ceil(m, kernel.mr()) * kernel.mr() * bytes) / 16 * 16, few, most);
    }

    private int block(int most) {
        int blocks = ceil(k, most);
        return blocks <= 1 ? k : ceil(ceil(k, blocks), 16) * 16;
    }

    /// The rows of A that half of the second-level cache holds.
    private int rowsMost(int block) {
        int mr = kernel.mr();
        return Math.max(mr, Cache.L2 / 2 / (Math.max(64, block) * kernel.bytes()) / mr * mr);
    }

    /// The product of operands that pack themselves.
    ///
    /// @param pool whose threads share the work, or null for the calling thread alone
    /// @param add whether to add to C instead of overwriting it
    /// @param epilogue called for finished parts, or null
    public static void run(
            GemmKernel kernel, WorkerPool pool, int m, int n, int k, PackA a, PackB b, StoreC c, boolean add,
                    Epilogue epilogue) {
        if (m <= 0 || n <= 0) {
            return;
        }
        Gemm g = new Gemm(kernel, m, n, k, a, b, c, add, epilogue);
        if (k <= 0) {
            g.nothing();
            return;
        }
        boolean parallel = pool != null && pool.threads() > 1 && (long) m * n * k > PARALLEL_WORK;
        g.cut(parallel ? pool.threads() : 1);
        g.packOnce(parallel ? pool : null);
        g.part();
        int cells = g.rowCells * g.colCells;
        if (parallel && cells > 1) {
            pool.parallelTasks(cells, (t, ignored) -> g.cell((int) t));
        } else {
            for (int t = 0; t < cells; t++) {
                g.cell(t);
            }
        }
    }

    /// An empty sum is zero.
    private void nothing() {
        if (!add) {
            int mr = kernel.mr();
            int nr = kernel.nr();
            long tile = Workspace.get().memory(Workspace.TILE, (long) mr * nr * kernel.bytes());
            dev.tenon.backend.cpu.Mem.zero(tile, (long) mr * nr * kernel.bytes());
            for (int i = 0; i < m; i += mr) {
                for (int j = 0; j < n; j += nr) {
                    c.store(kernel, tile, i, Math.min(mr, m - i), j, Math.min(nr, n - j), false);
                }
            }
        }
        if (epilogue != null) {
            epilogue.apply(0, m, 0, n);
        }
    }

    private static int ceil(int x, int y) {
        return (x + y - 1) / y;
    }

    /// Packs all of B before the cells are computed, where each thread would otherwise pack it several times.
    private void packOnce(WorkerPool pool) {
        long bytes = PackedB.bytes(kernel, k, n);
        boolean saves = (rowCells - 1L) * k * n > (pool == null ? 0 : PARALLEL_PACKING);
        if (saves && bytes <= PACKED_ONCE && !inPlace(cellRows, block)) {
            b = PackedB.of(kernel, pool, k, n, b, Workspace.get().memory(Workspace.PACKED, bytes));
            packed = true;
        }
    }

    /// Whether B is read where it lies, for so many rows of C and inner indices: if that is possible, and few read it
    /// or it fits the second-level cache and its rows do not all begin at the same place in a page.
    private boolean inPlace(int rows, int kc) {
        return (packed || rows <= DIRECT_TILES * kernel.mr() || b.step() < PAGE && kc * b.step() <= Cache.L2 / 2)
                && b.direct(0, 0) != 0;
    }

    /// Whether A is read where it lies, for so many columns: its columns, if few tiles read them, or else its rows, if
    /// one vector of columns is all there is and the rows do not fall on each other in the first-level cache.
    private boolean inPlaceA(int i0, int cols) {
        return a.direct(i0, 0) != 0 && (a.rowStep() == kernel.bytes() ? cols <= DIRECT_TILES * kernel.nr()
                : cols <= kernel.nr() / 2 && a.rowStep() % (PAGE / 2) != 0);
    }

    /// Chooses the cells: few enough that packing does not count, and as many as keep all threads busy to the end.
    private void cut(int threads) {
        int mr = kernel.mr();
        int nr = kernel.nr();
        int rows0 = ceil(m, rowsMost(block));
        int cols0 = ceil(n, rows0 > 1 ? SHARED_COLS : CELL_COLS);
        int tries = threads == 1 ? 0 : Math.min(threads, 8);
        double best = Double.MAX_VALUE;
        for (int r = rows0; r <= rows0 + tries; r++) {
            for (int s = cols0; s <= cols0 + tries; s++) {
                int rows = ceil(ceil(m, r), mr) * mr;
                int cols = ceil(ceil(n, s), nr) * nr;
                double work = (double) Math.min(rows, m) * cols + 10.0 * (rows + cols);
                double cost = ceil(ceil(m, rows) * ceil(n, cols), threads) * work;
                if (cost < best * 0.999) {
                    best = cost;
                    cellRows = rows;
                    cellCols = cols;
                }
            }
        }
        rowCells = ceil(m, cellRows);
        colCells = ceil(n, cellCols);
    }

    /// Chooses the parts of a cell: columns that are packed together, and rows that are finished together.
    private void part() {
        int mr = kernel.mr();
        int nr = kernel.nr();
        groupCols = packed ? cellCols
                : Math.max(4 * nr, Cache.L2 / 4 / (Math.max(16, block) * kernel.bytes()) / nr * nr);
        int strip = Cache.L2 / 4 / (Math.min(groupCols, cellCols) * kernel.bytes()) / mr * mr;
        stripRows = epilogue == null ? cellRows : Math.max(4 * mr, strip);
    }

    private void cell(int t) {
        int i0 = t % rowCells * cellRows;
        int j0 = t / rowCells * cellCols;
        int rows = Math.min(cellRows, m - i0);
        int cols = Math.min(cellCols, n - j0);
        int mr = kernel.mr();
        int bytes = kernel.bytes();
        Workspace w = Workspace.get();
        boolean inPlaceA = inPlaceA(i0, cols);
        for (int k0 = 0; k0 < k; k0 += block) {
            int kc = Math.min(block, k - k0);
            long left = inPlaceA ? 0 : w.memory(Workspace.LOCAL_ROWS, (long) ceil(rows, mr) * mr * kc * bytes + 64);
            if (!inPlaceA) {
                a.pack(i0, rows, k0, kc, left);
            }
            for (int j = 0; j < cols; j += groupCols) {
                int some = Math.min(groupCols, cols - j);
                group(w, left, i0, rows, j0 + j, some, k0, kc);
            }
        }
    }

    /// Columns `j0 .. j0 + cols` of a cell for one inner block; `left` is where A was packed, or 0 to read it in place.
    /// After the last block each strip of rows, which is still in the cache then, is handed to the epilogue.
    private void group(Workspace w, long left, int i0, int rows, int j0, int cols, int k0, int kc) {
        boolean inPlace = inPlace(rows, kc) && b.direct(k0, j0) != 0;
        long panelBytes = (long) kernel.nr() * kc * kernel.bytes();
        long panels = w.memory(Workspace.LOCAL_PANEL, (inPlace ? 1 : ceil(cols, kernel.nr())) * panelBytes);
        if (!inPlace) {
            b.pack(k0, kc, j0, cols, panels);
        }
        int strip = epilogue != null && k0 + kc == k ? stripRows : rows;
        for (int i = 0; i < rows; i += strip) {
            int some = Math.min(strip, rows - i);
            long from = left == 0 ? 0 : left + (long) i * kc * kernel.bytes();
            strip(w, from, i0 + i, some, panels, inPlace, j0, cols, k0, kc);
            if (epilogue != null && k0 + kc == k) {
                epilogue.apply(i0 + i, some, j0, cols);
            }
        }
    }

    /// Rows `i0 .. i0 + rows` of a group of columns.
    private void strip(Workspace w, long left, int i0, int rows, long panels, boolean inPlace, int j0, int cols,
            int k0, int kc) {
        int nr = kernel.nr();
        long panelBytes = (long) nr * kc * kernel.bytes();
        boolean plus = add || k0 > 0;
        for (int j = 0; j < cols; j += nr) {
            int some = Math.min(nr, cols - j);
            long right = inPlace && some == nr ? b.direct(k0, j0 + j) : 0;
            if (right != 0) {
                panel(w, left, i0, rows, right, b.step(), j0 + j, some, k0, kc, plus);
                continue;
            }
            if (inPlace) {
                b.pack(k0, kc, j0 + j, some, panels);
            }
            right = inPlace ? panels : panels + j / nr * panelBytes;
            panel(w, left, i0, rows, right, (long) nr * kernel.bytes(), j0 + j, some, k0, kc, plus);
        }
    }

    private void panel(
            Workspace w, long left, int i0, int rows, long right, long bStep, int j, int cols, int k0, int kc,
                    boolean plus) {
        int mr = kernel.mr();
        int nr = kernel.nr();
        int bytes = kernel.bytes();
        boolean wide = cols > nr / 2;
        long c0 = !plus && (cols == nr || cols == nr / 2) ? c.direct(i0, j, cols) : 0;
        long aStep = left == 0 ? a.step() : (long) mr * bytes;
        long aRow = left == 0 ? a.rowStep() : bytes;
        if (c0 != 0 && left == 0) {
            tile(rows, wide, kc, a.direct(i0, k0), aRow, aStep, right, bStep, c0, c.step());
            return;
        }
        for (int i = 0; i < rows; i += mr) {
            int r = Math.min(mr, rows - i);
            long from = left == 0 ? a.direct(i0 + i, k0) : left + (long) i * kc * bytes;
            if (c0 != 0) {
                tile(r, wide, kc, from, aRow, aStep, right, bStep, c0 + i * c.step(), c.step());
            } else {
                long tile = w.memory(Workspace.TILE, (long) mr * nr * bytes);
                tile(r, wide, kc, from, aRow, aStep, right, bStep, tile, (long) nr * bytes);
                c.store(kernel, tile, i0 + i, r, j, cols, plus);
            }
        }
    }

    private void tile(int rows, boolean wide, int kc, long a, long aRow, long aStep, long b, long bStep, long c,
            long cStep) {
        if (aRow == kernel.bytes()) {
            kernel.tile(rows, wide, kc, a, aStep, b, bStep, c, cStep);
        } else {
            kernel.narrow(rows, kc, a, aRow, aStep, b, bStep, c, cStep);
        }
    }
}
