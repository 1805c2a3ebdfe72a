package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Stable sorts along an axis. Values become integer keys of the same order; keys of up to 32 bits share a word with
/// the
/// position, which makes any sort of words a stable one, wider keys are merged.
final class SortKernel implements Kernel {
    private final WorkerPool pool;
    private final boolean descending;
    private final DType dtype;
    private final int length;
    private final long[] steps;
    private final Iteration lines;

    SortKernel(WorkerPool pool, SortOp op, TensorType in, List<TensorType> out) {
        this.pool = pool;
        this.descending = op.descending();
        this.dtype = in.dtype();
        this.length = Math.toIntExact(in.shape().dim(op.axis()));
        List<TensorType> all = new ArrayList<>(List.of(in));
        all.addAll(out);
        steps = all.stream().mapToLong(t -> t.stride(op.axis()) * t.dtype().bytes()).toArray();
        lines = ScanKernel.lines(all, op.axis());
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] at = CpuMemory.addresses(in, out);
        if (length == 0 || lines.elements() == 0) {
            return;
        }
        pool.parallelFor(lines.elements(), Math.max(1, 2048 / length), (from, to) -> {
            long[] keys = new long[length];
            boolean wide = dtype.bytes() == 8;
            int[] positions = new int[length];
            for (long l = from; l < to; l++) {
                long x = at[0] + lines.offset(0, l) * dtype.bytes();
                for (int i = 0; i < length; i++) {
                    long key = key(dtype, x + i * steps[0]);
                    key = descending ? ~key : key;
                    keys[i] = wide ? key : key << 32 | i;
                    positions[i] = i;
                }
                if (wide) {
                    positions = merge(keys, positions);
                } else {
                    Arrays.sort(keys);
                    for (int i = 0; i < length; i++) {
                        positions[i] = (int) keys[i];
                    }
                }
                long y = at[1] + lines.offset(1, l) * dtype.bytes();
                long p = at[2] + lines.offset(2, l) * DType.I64.bytes();
                for (int i = 0; i < length; i++) {
                    long source = x + positions[i] * steps[0];
                    Blocks.move(source, 0, y + i * steps[1], 0, 1, dtype.bytes());
                    Values.putLong(DType.I64, p + i * steps[2], positions[i]);
                }
            }
        });
    }

    /// An integer that orders as the value does: NaN is largest, both zeros are equal. Of at most 32 bits for narrow
    /// dtypes.
    static long key(DType dtype, long at) {
        if (!dtype.isFloating()) {
            return Values.getLong(dtype, at);
        }
        double v = Values.getDouble(dtype, at);
        if (dtype == DType.F64) {
            long bits = Double.doubleToLongBits(v == 0 ? 0.0 : v);
            return bits < 0 ? bits ^ Long.MAX_VALUE : bits;
        }
        int bits = Float.floatToIntBits(v == 0 ? 0f : (float) v);
        return bits < 0 ? bits ^ Integer.MAX_VALUE : bits;
    }

    /// Merges ever longer runs of positions by their keys.
    private static int[] merge(long[] keys, int[] positions) {
        int n = positions.length;
        int[] from = positions;
        int[] to = new int[n];
        for (int run = 1; run < n; run *= 2) {
            for (int start = 0; start < n; start += 2 * run) {
                int middle = Math.min(n, start + run);
                int end = Math.min(n, start + 2 * run);
                int i = start;
                int j = middle;
                for (int o = start; o < end; o++) {
                    boolean left = i < middle && (j >= end || keys[from[i]] <= keys[from[j]]);
                    to[o] = left ? from[i++] : from[j++];
                }
            }
            int[] t = from;
            from = to;
            to = t;
        }
        return from;
    }
}
