package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.PackB;
import dev.tenon.backend.cpu.gemm.Workspace;

/// The sliding windows of a tensor `[n, channels, d, h, w]` seen as a matrix that is never written down: a column for each point of a grid
/// (image, z, y, x), a row for each (channel, tap); the element is `src[image, channel, point * step + offset[tap]]`, or 0 outside.
///
/// Forward convolution and the gradient of its input are both this (for the latter, one grid for each residue of the stride), and the
/// gradient of the weights is its transpose.
final class Windows implements PackB {

    private final GemmKernel kernel;
    private final long src;
    private final int channels;
    private final int[] size;
    private final int[] grid;
    private final int[] step;
    private final int[][] offsets;
    private final int channelStride;

    /// @param src the address of the first channel of the first image
    /// @param channels channels from one image to the next
    /// @param size d, h, w of the source
    /// @param grid points in d, h, w
    /// @param step source elements from point to point
    /// @param offsets of each tap from its point
    Windows(GemmKernel kernel, long src, int channels, int[] size, int[] grid, int[] step, int[][] offsets) {
        this.kernel = kernel;
        this.src = src;
        this.channels = channels;
        this.size = size;
        this.grid = grid;
        this.step = step;
        this.offsets = offsets;
        channelStride = size[0] * size[1] * size[2];
    }

    @Override
    public void pack(int k0, int kc, int j0, int cols, long dst) {
        int nr = kernel.nr();
        for (int j = j0; j < j0 + cols; j += nr, dst += (long) kc * nr * kernel.bytes()) {
            panel(k0, kc, j, Math.min(nr, j0 + cols - j), nr, dst);
        }
    }

    /// Rows of `pitch` elements: the values of columns `j .. j + cols`, then zeros.
    private void panel(int k0, int kc, int j, int cols, int pitch, long dst) {
        int bytes = kernel.bytes();
        int done = 0;
        while (done < cols) { // one row of the grid at a time
            int at = j + done;
            int x = at % grid[2];
            int row = at / grid[2];
            int y = row % grid[1];
            int z = row / grid[1] % grid[0];
            int image = row / grid[1] / grid[0];
            int len = Math.min(grid[2] - x, cols - done);
            int width = done + len == cols ? pitch - done : len;
            long base = src + (long) image * channels * channelStride * bytes;
            long to = dst + (long) done * bytes;
            int channel = k0 / offsets.length;
            int tap = k0 % offsets.length;
            for (int k = 0; k < kc; k++, to += (long) pitch * bytes) {
                int[] o = offsets[tap];
                run(base + (long) channel * channelStride * bytes, z * step[0] + o[0], y * step[1] + o[1], x * step[2] + o[2], len, width, to);
                if (++tap == offsets.length) {
                    tap = 0;
                    channel++;
                }
            }
            done += len;
        }
    }

    private void run(long plane, int z, int y, int x, int len, int width, long dst) {
        int s = step[2];
        int lo = 0;
        int hi = 0;
        if (z >= 0 && z < size[0] && y >= 0 && y < size[1]) {
            lo = x >= 0 ? 0 : (-x + s - 1) / s;
            hi = x >= size[2] ? 0 : Math.min(len, (size[2] - x + s - 1) / s);
        }
        long from = plane + (((long) z * size[1] + y) * size[2] + x) * kernel.bytes();
        kernel.window(from, (long) s * kernel.bytes(), lo, hi, width, dst);
    }

    /// The transpose: rows are points (`p0 .. p0 + kc`), columns are (channel, tap) pairs.
    PackB transposed() {
        return (p0, kc, j0, cols, dst) -> {
            // Points lie along memory, so windows are copied whole and then turned.
            long t = Workspace.get().memory(Workspace.WIDE, (long) kc * cols * kernel.bytes());
            panel(j0, cols, p0, kc, kc, t);
            kernel.packB(t, kernel.bytes(), (long) kc * kernel.bytes(), kc, cols, dst);
        };
    }
}
