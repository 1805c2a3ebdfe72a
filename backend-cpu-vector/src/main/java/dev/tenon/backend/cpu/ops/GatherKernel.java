package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Picks elements along an axis; whole rows where the index repeats along them.
final class GatherKernel implements Kernel {
    private static final long GRAIN = 1 << 14;

    private final Blocks blocks;
    private final WorkerPool pool;
    private final Shape shape;
    private final int axis;
    private final int bytes;
    private final int indexBytes;
    private final long extent;
    private final long step;
    /// Operands: the input without its axis, the index, the output.
    private final Iteration iteration;
    /// Whether whole rows are picked: the usual case of an embedding.
    private final boolean rows;

    GatherKernel(Blocks blocks, WorkerPool pool, GatherOp op, List<TensorType> in, TensorType out) {
        this.blocks = blocks;
        this.pool = pool;
        TensorType x = in.get(0);
        TensorType index = in.get(1);
        shape = x.shape();
        axis = op.axis();
        bytes = x.dtype().bytes();
        indexBytes = index.dtype().bytes();
        extent = x.rank() == 0 ? 1 : shape.dim(axis);
        step = x.rank() == 0 ? 0 : x.stride(axis);
        iteration = Iteration.of(
                index.shape().toArray(), List.of(without(x, axis), index.strides(), out.strides()));
        rows = iteration.rank() == 2 && iteration.innerStride(0) == 1 && iteration.innerStride(1) == 0
                && iteration.innerStride(2) == 1;
    }

    /// The strides with that of the axis replaced by 0.
    static long[] without(TensorType t, int axis) {
        long[] s = t.strides();
        if (s.length > 0) {
            s[axis] = 0;
        }
        return s;
    }

    /// The index at an address, if it lies in range.
    static long index(long at, int indexBytes, long extent, String op, int axis, Shape shape) {
        long i = indexBytes == DType.I64.bytes() ? Mem.getLong(at) : Mem.getInt(at);
        if (i < 0 || i >= extent) {
            throw new TensorException(op + ": index " + i + " is out of range for axis " + axis + " of shape " + shape
                    + ": expected 0 to " + (extent - 1));
        }
        return i;
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] at = CpuMemory.addresses(in, out);
        if (rows && iteration.elements() > 0) {
            long inner = iteration.inner();
            long grain = Math.max(1, GRAIN / inner);
            pool.parallelFor(iteration.elements() / inner, grain, (from, to) -> rows(at, from, to));
        } else if (iteration.elements() > 0) {
            pool.parallelFor(iteration.elements(), GRAIN, (from, to) -> range(at, from, to));
        }
    }

    private void rows(long[] at, long from, long to) {
        long length = iteration.inner() * bytes;
        long stepX = iteration.strides()[0][0] * bytes;
        long stepIndex = iteration.strides()[1][0] * indexBytes;
        long stepY = iteration.strides()[2][0] * bytes;
        for (long r = from; r < to; r++) {
            long i = index(at[1] + r * stepIndex, indexBytes, extent, "gather", axis, shape);
            blocks.copyRow(at[0] + r * stepX + i * step * bytes, at[2] + r * stepY, length);
        }
    }

    private void range(long[] at, long from, long to) {
        long inner = iteration.inner();
        long position = from;
        while (position < to) {
            int n = (int) Math.min(Integer.MAX_VALUE, Math.min(inner - position % inner, to - position));
            long x = at[0] + iteration.offset(0, position) * bytes;
            long index = at[1] + iteration.offset(1, position) * indexBytes;
            long y = at[2] + iteration.offset(2, position) * bytes;
            long stepX = iteration.innerStride(0) * bytes;
            long stepIndex = iteration.innerStride(1) * indexBytes;
            long stepY = iteration.innerStride(2) * bytes;
            if (stepIndex == 0) {
                long i = index(index, indexBytes, extent, "gather", axis, shape);
                Blocks.move(x + i * step * bytes, stepX, y, stepY, n, bytes);
            } else {
                for (int j = 0; j < n; j++) {
                    long i = index(index + j * stepIndex, indexBytes, extent, "gather", axis, shape);
                    copy(x + j * stepX + i * step * bytes, y + j * stepY);
                }
            }
            position += n;
        }
    }

    private void copy(long from, long to) {
        switch (bytes) {
            case 1 -> Mem.putByte(to, Mem.getByte(from));
            case 2 -> Mem.putShort(to, Mem.getShort(from));
            case 4 -> Mem.putInt(to, Mem.getInt(from));
            default -> Mem.putLong(to, Mem.getLong(from));
        }
    }
}
