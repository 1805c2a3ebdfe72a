package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.block.Fn2;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes, or combines, elements along an axis; whole rows where the index repeats along them.
///
/// Each thread takes a part of the axis' positions and goes through all sources in order, so whatever meets at a place
/// meets in the same order every time.
final class ScatterKernel implements Kernel {
    private static final long GRAIN = 1 << 15;

    private final WorkerPool pool;
    private final ScatterOp op;
    private final Shape shape;
    private final DType dtype;
    private final int bytes;
    private final int indexBytes;
    private final long extent;
    private final long step;
    private final CopyKernel copy;
    private final @Nullable Fn2 rows;
    /// Operands: the output without its axis, the index, the source.
    private final Iteration iteration;

    ScatterKernel(Blocks blocks, WorkerPool pool, ScatterOp op, List<TensorType> in, TensorType out) {
        this.pool = pool;
        this.op = op;
        TensorType x = in.get(0);
        TensorType index = in.get(1);
        shape = x.shape();
        dtype = x.dtype();
        bytes = dtype.bytes();
        indexBytes = index.dtype().bytes();
        extent = x.rank() == 0 ? 1 : shape.dim(op.axis());
        step = x.rank() == 0 ? 0 : out.stride(op.axis());
        copy = new CopyKernel(blocks, pool, x, out);
        iteration = Iteration.of(index.shape().toArray(),
                List.of(GatherKernel.without(out, op.axis()), index.strides(), in.get(2).strides()));
        boolean plain = dtype == dtype.kind().dtype() && dtype != DType.BOOL && op.mode() != ScatterOp.Mode.SET;
        boolean whole = iteration.innerStride(0) == 1 && iteration.innerStride(1) == 0
                && iteration.innerStride(2) == 1;
        rows = plain && whole ? blocks.binary(BinaryFn.valueOf(op.mode().name()), dtype.kind()) : null;
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] at = CpuMemory.addresses(in, out);
        if (at[0] != at[3]) {
            copy.run(at[0], at[3]);
        }
        long elements = iteration.elements();
        if (elements == 0) {
            return;
        }
        long parts = Math.clamp(elements / GRAIN, 1, Math.min(pool.threads(), Math.max(1, extent)));
        pool.parallelFor(extent, Math.max(1, extent / parts), (from, to) -> range(at, from, to));
        if (extent == 0) {
            range(at, 0, 0);
        }
    }

    /// Takes in all sources whose index lies from `low` to before `high`.
    private void range(long[] at, long low, long high) {
        long inner = iteration.inner();
        long elements = iteration.elements();
        for (long position = 0; position < elements; position += inner) {
            long y = at[3] + iteration.offset(0, position) * bytes;
            long index = at[1] + iteration.offset(1, position) * indexBytes;
            long source = at[2] + iteration.offset(2, position) * bytes;
            long stepY = iteration.innerStride(0) * bytes;
            long stepIndex = iteration.innerStride(1) * indexBytes;
            long stepSource = iteration.innerStride(2) * bytes;
            if (rows != null) {
                long i = checked(index);
                if (i >= low && i < high) {
                    add(rows, y + i * step * bytes, source, inner);
                }
                continue;
            }
            for (long j = 0; j < inner; j++) {
                long i = checked(index + j * stepIndex);
                if (i >= low && i < high) {
                    combine(y + j * stepY + i * step * bytes, source + j * stepSource);
                }
            }
        }
    }

    private static void add(Fn2 f, long y, long source, long n) {
        f.run(y, source, y, Math.toIntExact(n));
    }

    private long checked(long index) {
        return GatherKernel.index(index, indexBytes, extent, op.name(), op.axis(), shape);
    }

    private void combine(long y, long source) {
        if (op.mode() == ScatterOp.Mode.SET) {
            switch (bytes) {
                case 1 -> Mem.putByte(y, Mem.getByte(source));
                case 2 -> Mem.putShort(y, Mem.getShort(source));
                case 4 -> Mem.putInt(y, Mem.getInt(source));
                default -> Mem.putLong(y, Mem.getLong(source));
            }
        } else if (dtype == DType.F32 && op.mode() == ScatterOp.Mode.ADD) {
            Mem.putFloat(y, Mem.getFloat(y) + Mem.getFloat(source));
        } else if (dtype.isFloating()) {
            double a = Values.getDouble(dtype, y);
            double b = Values.getDouble(dtype, source);
            Values.putDouble(dtype, y, switch (op.mode()) {
                case ADD -> a + b;
                case MUL -> a * b;
                case MAX -> Math.max(a, b);
                default -> Math.min(a, b);
            });
        } else {
            long a = Values.getLong(dtype, y);
            long b = Values.getLong(dtype, source);
            Values.putLong(dtype, y, switch (op.mode()) {
                case ADD -> a + b;
                case MUL -> a * b;
                case MAX -> Math.max(a, b);
                default -> Math.min(a, b);
            });
        }
    }
}
