package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.Workspace;
import java.util.Arrays;

/// The sliding windows of single planes, some rows of a grid of points at a time.
///
/// The rows of the plane that a band of the grid looks at are copied, with zeros between them for their borders, to
/// memory of the calling thread, where they stay in its cache while they are used; each is split into `step` rows of
/// every step-th element. Then a tap is nothing but a distance, and whole vectors may be read past the end of rows.
final class Bands {
    /// Bytes of a band: enough for a plane of 160 x 160 floats, little enough for the second-level cache.
    private static final long MOST = 128 << 10;

    private final GemmKernel kernel;
    private final int bytes;
    private final int planes;
    private final int[] size;
    private final int[] grid;
    private final int[] step;
    /// The least offset of a tap in each axis.
    private final int[] lo = new int[3];
    /// The offsets of taps in d, each once.
    private final int[] depths;
    /// Into how many a row is split, and the bytes of each of them and of all.
    private final int parts;
    private final long pitch;
    private final long rowBytes;
    /// Bytes before the first row of a slice, for its border.
    private final long lead;
    private final int bandRows;
    private final int perSlice;
    /// Rows of the plane that a whole band looks at.
    private final int used;
    private final long[] offsets;

    /// @param planes how many of them, side by side in memory, each point sees
    /// @param size d, h, w of a plane
    /// @param grid points in d, h, w
    /// @param step source elements from point to point
    /// @param taps each tap's offset from its point
    Bands(GemmKernel kernel, int planes, int[] size, int[] grid, int[] step, int[][] taps) {
        this.kernel = kernel;
        this.planes = planes;
        this.size = size;
        this.grid = grid;
        this.step = step;
        bytes = kernel.bytes();
        int lanes = kernel.nr() / 2;
        int[] hi = new int[3];
        for (int i = 0; i < 3; i++) {
            int axis = i;
            lo[i] = Arrays.stream(taps).mapToInt(t -> t[axis]).min().orElse(0);
            hi[i] = Arrays.stream(taps).mapToInt(t -> t[axis]).max().orElse(0);
        }
        depths = Arrays.stream(taps).mapToInt(t -> t[0]).sorted().distinct().toArray();
        parts = step[2];
        int before = Math.max(0, -Math.floorDiv(lo[2], parts));
        int after = Math.max(0, grid[2] + Math.floorDiv(hi[2], parts) - size[2] / parts);
        int length = (size[2] + parts - 1) / parts + Math.max(before, after);
        pitch = (long) (length + lanes - 1) / lanes * lanes * bytes;
        rowBytes = parts * pitch;
        lead = (long) (before + lanes - 1) / lanes * lanes * bytes;
        long most = (MOST / Math.max(1, rowBytes * planes * depths.length) - (hi[1] - lo[1])) / step[1];
        bandRows = Math.clamp(most, Math.min(8, grid[1]), grid[1]);
        perSlice = (grid[1] + bandRows - 1) / bandRows;
        used = (bandRows - 1) * step[1] + hi[1] - lo[1] + 1;
        offsets = new long[planes * taps.length];
        for (int p = 0, k = 0; p < planes; p++) {
            for (int[] t : taps) {
                int d = Arrays.binarySearch(depths, t[0]);
                long slab = ((long) p * depths.length + d) * (lead + used * rowBytes);
                offsets[k++] = slab + (t[1] - lo[1]) * rowBytes + Math.floorMod(t[2], parts) * pitch
                        + (long) Math.floorDiv(t[2], parts) * bytes;
            }
        }
    }

    /// How many bands cover the grid, in order.
    int count() {
        return grid[0] * perSlice;
    }

    /// Rows of a band.
    int rows(int band) {
        return Math.min(bandRows, grid[1] - band % perSlice * bandRows);
    }

    /// The grid's rows before a band.
    int firstRow(int band) {
        return band / perSlice * grid[1] + band % perSlice * bandRows;
    }

    /// Bytes from a row of the grid to the next.
    long rowStep() {
        return step[1] * rowBytes;
    }

    /// Bytes from a point to what its taps see: of the first plane, then of the next.
    long[] offsets() {
        return offsets;
    }

    /// Where the first point of a band lies; good until the thread asks for another.
    ///
    /// @param src the address of the first plane
    long load(long src, int band) {
        int z = band / perSlice * step[0];
        int y = band % perSlice * bandRows * step[1];
        int slabs = planes * depths.length;
        long start = Workspace.get().memory(Workspace.BORDERED, slabs * (lead + used * rowBytes) + pitch);
        int first = y + lo[1];
        int end = first + used - (bandRows - rows(band)) * step[1];
        long to = start;
        for (int i = 0; i < slabs; i++, to += used * rowBytes) {
            int depth = z + depths[i % depths.length];
            boolean inside = depth >= 0 && depth < size[0];
            int a = inside ? Math.clamp(0, first, end) : end;
            int b = inside ? Math.clamp(size[1], a, end) : end;
            long slice = src + ((long) i / depths.length * size[0] + depth) * size[1] * size[2] * bytes;
            Mem.zero(to, lead + (a - first) * rowBytes);
            to += lead;
            kernel.splitRows(slice + (long) a * size[2] * bytes, size[2], b - a, parts, to + (a - first) * rowBytes,
                    pitch);
            Mem.zero(to + (b - first) * rowBytes, (end - b) * rowBytes);
        }
        return start + lead;
    }
}
