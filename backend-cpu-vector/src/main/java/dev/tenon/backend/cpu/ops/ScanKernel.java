package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Running sums, products and extremes along an axis, line by line; floating-point ones in double precision.
final class ScanKernel implements Kernel {
    private final WorkerPool pool;
    private final Reducer reducer;
    private final DType dtype;
    private final long length;
    private final long[] steps;
    /// The first elements of the lines of input, values and positions.
    private final Iteration lines;

    ScanKernel(WorkerPool pool, ScanOp op, TensorType in, List<TensorType> out) {
        this.pool = pool;
        this.reducer = op.reducer();
        this.dtype = in.dtype();
        this.length = in.shape().dim(op.axis());
        List<TensorType> all = new ArrayList<>(List.of(in));
        all.addAll(out);
        steps = all.stream().mapToLong(t -> t.stride(op.axis()) * t.dtype().bytes()).toArray();
        lines = lines(all, op.axis());
    }

    /// The iteration over all axes but one.
    static Iteration lines(List<TensorType> types, int axis) {
        long[] dims = types.getFirst().shape().toArray();
        dims[axis] = 1;
        return Iteration.of(dims, types.stream().map(TensorType::strides).toList());
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] at = CpuMemory.addresses(in, out);
        if (length == 0 || lines.elements() == 0) {
            return;
        }
        pool.parallelFor(lines.elements(), Math.max(1, (1 << 14) / length), (from, to) -> {
            for (long l = from; l < to; l++) {
                long x = at[0] + lines.offset(0, l) * dtype.bytes();
                long y = at[1] + lines.offset(1, l) * dtype.bytes();
                long p = at.length > 2 ? at[2] + lines.offset(2, l) * DType.I64.bytes() : 0;
                if (dtype.isFloating()) {
                    numbers(x, y, p);
                } else {
                    integers(x, y, p);
                }
            }
        });
    }

    private void numbers(long x, long y, long p) {
        double acc = reducer == Reducer.PROD ? 1 : 0;
        long best = 0;
        for (long i = 0; i < length; i++) {
            double v = Values.getDouble(dtype, x + i * steps[0]);
            switch (reducer) {
                case SUM -> acc += v;
                case PROD -> acc *= v;
                default -> {
                    // A NaN takes over and stays; of equal values the last counts.
                    boolean better = reducer == Reducer.MAX ? v >= acc : v <= acc;
                    if (i == 0 || v != v || better) {
                        acc = v;
                        best = i;
                    }
                    Values.putLong(DType.I64, p + i * steps[2], best);
                }
            }
            Values.putDouble(dtype, y + i * steps[1], acc);
        }
    }

    private void integers(long x, long y, long p) {
        long acc = reducer == Reducer.PROD ? 1 : 0;
        long best = 0;
        for (long i = 0; i < length; i++) {
            long v = Values.getLong(dtype, x + i * steps[0]);
            switch (reducer) {
                case SUM -> acc += v;
                case PROD -> acc *= v;
                default -> {
                    boolean better = reducer == Reducer.MAX ? v >= acc : v <= acc;
                    if (i == 0 || better) {
                        acc = v;
                        best = i;
                    }
                    Values.putLong(DType.I64, p + i * steps[2], best);
                }
            }
            Values.putLong(dtype, y + i * steps[1], acc);
        }
    }
}
