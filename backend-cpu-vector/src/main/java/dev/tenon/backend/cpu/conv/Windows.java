package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.PackB;
import dev.tenon.backend.cpu.gemm.Workspace;

/// The sliding windows of a tensor `[n, channels, d, h, w]` seen as a matrix that is never written down: a column
/// for each point of a grid
/// (image, z, y, x), a row for each (channel, tap); the element is `src[image, channel, point * step +
/// offset[tap]]`, or 0 outside.
///
/// Forward convolution and the gradient of its input are both this (for the latter, one grid for each residue of the
/// stride), and the
/// gradient of the weights is its transpose.
///
/// Where windows reach outside or points are not side by side, the tensor is first copied with its border of zeros,
/// each row cut into `step`
/// rows of every step-th element. Then a tap is nothing but a distance: every row of the matrix is a run of
/// contiguous elements for each row
/// of the grid, and packing needs neither tests nor scalar loads.
final class Windows implements PackB {

    private final GemmKernel kernel;
    private final int bytes;
    /// The grid's rows, and their length: rows that follow each other in memory are one.
    private final int rows;
    private final int rowLength;
    private final int[] grid;
    private final int[] step;
    private final boolean flat;
    /// Whether there is one tap: then the rows of the matrix are equally far apart.
    private final boolean single;
    private long base;
    private final long imageBytes;
    private final long rowBytes;
    private final long sliceBytes;
    /// Bytes from a point's place to the element of (channel, tap).
    private final long[] offsets;

    /// @param images how many
    /// @param src the address of the first channel of the first image
    /// @param channels channels from one image to the next
    /// @param used how many of them are looked at
    /// @param size d, h, w of the source
    /// @param grid points in d, h, w
    /// @param step source elements from point to point
    /// @param taps each tap's offset from its point
    /// @param slot the slot of the workspace to copy to if need be
    Windows(
            GemmKernel kernel, WorkerPool pool, int images, long src, int channels, int used, int[] size, int[] grid,
                    int[] step, int[][] taps,
            int slot) {
        this.kernel = kernel;
        this.grid = grid;
        this.step = step;
        single = taps.length == 1;
        bytes = kernel.bytes();
        int[] lo = new int[3];
        int[] range = new int[3];
        for (int i = 0; i < 3; i++) {
            int min = Integer.MAX_VALUE;
            int max = Integer.MIN_VALUE;
            for (int[] t : taps) {
                min = Math.min(min, t[i]);
                max = Math.max(max, t[i]);
            }
            lo[i] = taps.length == 0 ? 0 : min;
            range[i] = taps.length == 0 ? 1 : (grid[i] - 1) * step[i] + max - min + 1;
        }
        boolean inPlace = step[2] == 1;
        for (int i = 0; i < 3; i++) {
            inPlace &= lo[i] >= 0 && lo[i] + range[i] <= size[i];
        }
        int phases = inPlace ? 1 : step[2];
        int[] extent = inPlace ? size : range;
        int width = inPlace ? size[2] : (range[2] + phases - 1) / phases;
        rowBytes = (long) phases * width * bytes;
        sliceBytes = extent[1] * rowBytes;
        long channelBytes = extent[0] * sliceBytes;
        imageBytes = (inPlace ? channels : used) * channelBytes;
        if (inPlace) {
            base = src + lo[0] * sliceBytes + lo[1] * rowBytes + (long) lo[2] * bytes;
        } else if (taps.length > 0) {
            base = Workspace.get().memory(slot, images * imageBytes);
            copy(pool, images, src, channels, used, size, lo, range, phases, width);
        }
        offsets = new long[used * taps.length];
        for (int c = 0, k = 0; c < used; c++) {
            for (int[] t : taps) {
                int x = t[2] - lo[2];
                offsets[k++] = c * channelBytes + (t[0] - lo[0]) * sliceBytes + (t[1] - lo[1]) * rowBytes
                        + ((long) x % phases * width + x / phases) * bytes;
            }
        }
        flat = phases == 1 && width == grid[2] && step[1] == 1
                && (grid[0] == 1 || extent[1] == grid[1] && step[0] == 1);
        rowLength = flat ? grid[0] * grid[1] * grid[2] : grid[2];
        rows = flat ? 1 : grid[0] * grid[1];
    }

    private void copy(
            WorkerPool pool, int images, long src, int channels, int used, int[] size, int[] lo, int[] range,
                    int phases, int width) {
        long to = base;
        long each = (long) range[0] * range[1];
        long grain = Math.max(1, 16_000 / Math.max(1, each * range[2]));
        WorkerPool.RangeBody body = (from, end) -> {
            for (long p = from; p < end; p++) {
                long plane = src + (p / used * channels + p % used) * size[0] * size[1] * size[2] * bytes;
                for (int r = 0; r < each; r++) {
                    int z = lo[0] + r / range[1];
                    int y = lo[1] + r % range[1];
                    boolean inside = z >= 0 && z < size[0] && y >= 0 && y < size[1];
                    long row = plane + ((long) z * size[1] + y) * size[2] * bytes;
                    long dst = to + (p * each + r) * rowBytes;
                    for (int f = 0; f < phases; f++, dst += (long) width * bytes) {
                        if (!inside) {
                            Mem.zero(dst, (long) width * bytes);
                            continue;
                        }
                        int x = lo[2] + f;
                        int a = x >= 0 ? 0 : (-x + phases - 1) / phases;
                        int b = x >= size[2] ? 0 : Math.min(width, (size[2] - x + phases - 1) / phases);
                        kernel.window(row + (long) x * bytes, (long) phases * bytes, a, b, width, dst);
                    }
                }
            }
        };
        if (pool == null) {
            body.run(0, (long) images * used);
        } else {
            pool.parallelFor((long) images * used, grain, body);
        }
    }

    /// Where the first point of a row of the grid lies.
    private long row(int image, int row) {
        if (flat) {
            return base + image * imageBytes;
        }
        return base + image * imageBytes + (long) (row / grid[1]) * step[0] * sliceBytes
                + (long) (row % grid[1]) * step[1] * rowBytes;
    }

    @Override
    public long direct(int k, int j) {
        int x = j % rowLength;
        int row = j / rowLength;
        return single && x + kernel.nr() <= rowLength ? row(row / rows, row % rows) + offsets[k] + (long) x * bytes : 0;
    }

    @Override
    public long step() {
        return offsets.length > 1 ? offsets[1] : 0;
    }

    @Override
    public void pack(int k0, int kc, int j0, int cols, long dst) {
        int nr = kernel.nr();
        for (int j = j0; j < j0 + cols; j += nr, dst += (long) kc * nr * bytes) {
            panel(k0, kc, j, Math.min(nr, j0 + cols - j), nr, dst);
        }
    }

    /// Rows of `pitch` elements: the values of columns `j .. j + cols`.
    private void panel(int k0, int kc, int j, int cols, int pitch, long dst) {
        int done = 0;
        while (done < cols) { // one row of the grid at a time
            int x = (j + done) % rowLength;
            int row = (j + done) / rowLength;
            int len = Math.min(rowLength - x, cols - done);
            long from = row(row / rows, row % rows) + (long) x * bytes;
            kernel.copyRows(from, offsets, k0, kc, len, dst + (long) done * bytes, (long) pitch * bytes);
            done += len;
        }
    }

    /// The transpose: rows are points (`p0 .. p0 + kc`), columns are (channel, tap) pairs.
    PackB transposed() {
        return (p0, kc, j0, cols, dst) -> {
            // Points lie along memory, so windows are copied whole and then turned.
            int nr = kernel.nr();
            long t = Workspace.get().memory(Workspace.WIDE, (long) kc * nr * bytes);
            for (int j = j0; j < j0 + cols; j += nr, dst += (long) kc * nr * bytes) {
                int some = Math.min(nr, j0 + cols - j);
                panel(j, some, p0, kc, kc, t);
                kernel.packB(t, bytes, (long) kc * bytes, kc, some, dst);
            }
        };
    }
}
