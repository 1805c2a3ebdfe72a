package dev.tenon.backend.cpu.ops;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.gemm.Transpose;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Copies between layouts of one dtype. Where rows of the result are columns of the operand, the copy goes by tiles, so
/// that what a cache line brings in is used up while it is there.
final class CopyKernel implements Kernel {
    private static final long GRAIN = 1 << 15;
    private static final long TILE_ROWS = 64;
    private static final long TILE_COLUMNS = 256;

    private final WorkerPool pool;
    private final int bytes;
    private final Iteration iteration;
    /// The axis along which the operand's elements lie next to each other if it is to be tiled, otherwise -1.
    private final int across;
    /// The side of the blocks that are transposed in registers, or 0 to move elements one by one.
    private final int side;

    CopyKernel(Blocks blocks, WorkerPool pool, TensorType from, TensorType to) {
        this.pool = pool;
        bytes = from.dtype().bytes();
        int[] order = MapKernel.order(to);
        iteration = Iteration.of(Plan.permute(from.shape().toArray(), order),
                List.of(Plan.permute(from.strides(), order), Plan.permute(to.strides(), order)));
        int axis = -1;
        for (int a = 0; a < iteration.rank() - 1; a++) {
            if (Math.abs(iteration.strides()[0][a]) == 1 && Math.abs(iteration.innerStride(0)) > 8) {
                axis = a;
            }
        }
        across = axis;
        boolean transposed = blocks.isVector() && axis >= 0 && iteration.strides()[0][axis] == 1
                && iteration.innerStride(1) == 1;
        side = transposed ? Transpose.side(bytes) : 0;
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        run(CpuMemory.address(in.getFirst()), CpuMemory.address(out.getFirst()));
    }

    /// Copies between the given addresses.
    void run(long x, long y) {
        if (iteration.elements() == 0 || x == y && same()) {
            return;
        }
        if (across < 0) {
            pool.parallelFor(iteration.elements(), GRAIN, (from, to) -> rows(x, y, from, to));
            return;
        }
        long tiles = (iteration.dims()[across] + TILE_ROWS - 1) / TILE_ROWS;
        long others = iteration.elements() / iteration.inner() / iteration.dims()[across];
        long grain = Math.max(1, GRAIN / (TILE_ROWS * iteration.inner()));
        pool.parallelFor(tiles * others, grain, (from, to) -> {
            for (long t = from; t < to; t++) {
                tile(x, y, t / tiles, t % tiles * TILE_ROWS);
            }
        });
    }

    private boolean same() {
        for (int a = 0; a < iteration.rank(); a++) {
            if (iteration.strides()[0][a] != iteration.strides()[1][a]) {
                return false;
            }
        }
        return true;
    }

    private void rows(long x, long y, long from, long to) {
        long inner = iteration.inner();
        long position = from;
        while (position < to) {
            int n = (int) Math.min(1 << 30, Math.min(inner - position % inner, to - position));
            Blocks.move(x + iteration.offset(0, position) * bytes, iteration.innerStride(0) * bytes,
                    y + iteration.offset(1, position) * bytes, iteration.innerStride(1) * bytes, n, bytes);
            position += n;
        }
    }

    /// Some rows across, at position `other` of the remaining axes.
    private void tile(long x, long y, long other, long first) {
        long[] dims = iteration.dims();
        long offsetX = 0;
        long offsetY = 0;
        long rest = other;
        for (int a = iteration.rank() - 2; a >= 0; a--) {
            if (a != across) {
                offsetX += rest % dims[a] * iteration.strides()[0][a];
                offsetY += rest % dims[a] * iteration.strides()[1][a];
                rest /= dims[a];
            }
        }
        long stepX = iteration.innerStride(0);
        long stepY = iteration.innerStride(1);
        long end = Math.min(dims[across], first + TILE_ROWS);
        long acrossX = iteration.strides()[0][across];
        long acrossY = iteration.strides()[1][across];
        int rows = (int) (end - first);
        long done = 0;
        if (side > 0 && rows >= side) {
            for (; done <= iteration.inner() - side; done += side) {
                Transpose.run(bytes, x + (offsetX + first + done * stepX) * bytes, stepX * bytes, side, rows,
                        y + (offsetY + first * acrossY + done) * bytes, acrossY * bytes);
            }
        }
        for (long c = done; c < iteration.inner(); c += TILE_COLUMNS) {
            int n = (int) Math.min(TILE_COLUMNS, iteration.inner() - c);
            for (long r = first; r < end; r++) {
                long atX = offsetX + r * acrossX + c * stepX;
                long atY = offsetY + r * acrossY + c * stepY;
                Blocks.move(x + atX * bytes, stepX * bytes, y + atY * bytes, stepY * bytes, n, bytes);
            }
        }
    }
}
