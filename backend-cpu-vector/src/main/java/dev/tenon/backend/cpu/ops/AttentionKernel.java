package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.block.Fn2;
import dev.tenon.backend.cpu.block.VectorNorm;
import dev.tenon.backend.cpu.gemm.MatMul;
import dev.tenon.backend.cpu.gemm.MatMul.Matrix;
import dev.tenon.backend.cpu.math.VectorSoftmax;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Attention over floats, some rows of scores at a time, which stay in the second-level cache: the whole matrix of
/// scores never exists. Operands may have any strides.
final class AttentionKernel implements Kernel {
    private static final int BYTES = DType.F32.bytes();
    /// What the scores of a block of rows may take.
    private static final int SCORES = 256 << 10;
    private static final int MOST_ROWS = 96;
    private static final int LEAST_ROWS = 12;

    private final boolean vector;
    private final WorkerPool pool;
    private final Fn2 add;
    private final Attention op;
    private final boolean backward;
    /// The types of all operands and results.
    private final List<TensorType> types;
    /// Which operand is the mask, or -1.
    private final int mask;
    /// Those of the mask broadcast to all scores.
    private final long[] maskStrides;
    private final Shape batches;
    private final int count;
    private final int queries;
    private final int keys;
    private final int width;
    private final int values;
    private final int rows;

    private AttentionKernel(Blocks blocks, WorkerPool pool, Attention op, boolean backward, boolean masked,
            List<TensorType> in, List<TensorType> out) {
        vector = blocks.isVector();
        this.pool = pool;
        add = blocks.binary(BinaryFn.ADD, Kind.F32);
        this.op = op;
        this.backward = backward;
        types = new ArrayList<>(in);
        types.addAll(out);
        mask = masked ? backward ? 6 : 3 : -1;
        int first = backward ? 1 : 0;
        Shape q = in.get(first).shape();
        batches = q.slice(0, q.rank() - 2);
        count = Math.toIntExact(batches.elements());
        queries = Math.toIntExact(q.dim(-2));
        width = Math.toIntExact(q.dim(-1));
        keys = Math.toIntExact(in.get(first + 1).shape().dim(-2));
        values = Math.toIntExact(in.get(first + 2).shape().dim(-1));
        maskStrides = mask < 0 ? new long[0]
                : in.get(mask).broadcastStrides(batches.concat(Shape.of(queries, keys)));
        rows = Math.max(LEAST_ROWS, Math.min(MOST_ROWS, SCORES / BYTES / keys / LEAST_ROWS * LEAST_ROWS));
    }

    /// A kernel for an attention or its gradients, or empty where it decomposes.
    static Optional<Kernel> prepare(Blocks blocks, WorkerPool pool, Op op, List<TensorType> in, List<TensorType> out) {
        Predicate<TensorType> plain = t -> t.dtype() == DType.F32 && t.elements() > 0;
        if (!blocks.isVector() || !in.stream().allMatch(plain) || !out.stream().allMatch(plain)) {
            return Optional.empty();
        }
        return Optional.of(op instanceof AttentionBackward b
                ? new AttentionKernel(blocks, pool, b.attention(), true, b.isMasked(in.size()), in, out)
                : new AttentionKernel(blocks, pool, (Attention) op, false, in.size() > 3, in, out));
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] at = CpuMemory.addresses(in, out);
        int[] reach = reach(at);
        if (backward) {
            pool.parallelTasks(count, (from, to) -> {
                for (int b = (int) from; b < to; b++) {
                    backward(at, reach, b);
                }
            });
            return;
        }
        int blocks = (queries + rows - 1) / rows;
        pool.parallelTasks(count * blocks, (from, to) -> {
            for (int t = (int) from; t < to; t++) {
                // The last rows of a causal attention have the most to do, so they come first.
                forward(at, reach, t % count, (blocks - 1 - t / count) * rows);
            }
        });
    }

    /// Where a matrix (or, of the statistics, a column) of batch `b` begins.
    private long address(long[] at, int operand, int b) {
        return address(at[operand], types.get(operand).strides(), b);
    }

    private long address(long base, long[] strides, int b) {
        long offset = 0;
        long rest = b;
        for (int a = batches.rank() - 1; a >= 0; a--) {
            offset += rest % batches.dim(a) * strides[a];
            rest /= batches.dim(a);
        }
        return base + offset * BYTES;
    }

    private Matrix matrix(long[] at, int operand, int b, long row) {
        TensorType t = types.get(operand);
        long down = t.stride(t.rank() - 2);
        return new Matrix(address(at, operand, b) + row * down * BYTES, down, t.stride(t.rank() - 1));
    }

    private static Matrix turned(Matrix x) {
        return new Matrix(x.address(), x.colStride(), x.rowStride());
    }

    /// The place of a query's number among those of batch `b`.
    private long number(long[] at, int operand, int b, long row) {
        TensorType t = types.get(operand);
        return address(at, operand, b) + row * t.stride(t.rank() - 1) * BYTES;
    }

    private void product(int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean more) {
        MatMul.run(vector, pool, MatMul.Type.F32, m, n, k, a, b, c, more, null);
    }

    /// For each query how many keys it may attend to at most: those up to its own where attention is causal, or up to
    /// the last that the mask does not forbid, where all batches have one mask. A query without any sees them all, and
    /// gets NaN.
    private int[] reach(long[] at) {
        int[] reach = new int[queries];
        int batchAxes = batches.rank();
        boolean shared = mask >= 0;
        for (int a = 0; shared && a < batchAxes; a++) {
            shared = maskStrides[a] == 0 || batches.dim(a) == 1;
        }
        for (int i = 0; i < queries; i++) {
            int n = op.causal() ? Math.min(keys, i + 1) : keys;
            if (shared) {
                long row = at[mask] + i * maskStrides[batchAxes] * BYTES;
                long step = maskStrides[batchAxes + 1] * BYTES;
                int last = n - 1;
                while (last >= 0 && Mem.getFloat(row + last * step) == Float.NEGATIVE_INFINITY) {
                    last--;
                }
                n = last < 0 ? n : last + 1;
            }
            reach[i] = n;
        }
        return reach;
    }

    /// How many keys some of the queries attend to at most.
    private static int most(int[] reach, int first, int count) {
        int most = 0;
        for (int i = first; i < first + count; i++) {
            most = Math.max(most, reach[i]);
        }
        return most;
    }

    /// `scale x + mask` for one row of scores.
    private void scaled(long[] at, int b, long row, long x, int n) {
        VectorNorm.affine(x, 0, x, (float) op.scale(), 0, n);
        if (mask >= 0) {
            long m = address(at[mask], maskStrides, b) + row * maskStrides[batches.rank()] * BYTES;
            long step = maskStrides[batches.rank() + 1];
            if (step == 1) {
                add.run(x, m, x, n);
            } else {
                for (int j = 0; j < n; j++) {
                    long p = x + (long) j * BYTES;
                    Mem.putFloat(p, Mem.getFloat(p) + Mem.getFloat(m + j * step * BYTES));
                }
            }
        }
    }

    /// Some rows of the result.
    private void forward(long[] at, int[] reach, int b, int first) {
        int m = Math.min(rows, queries - first);
        int n = most(reach, first, m);
        int result = types.size() - 2;
        long scores = Scratch.get().more((long) rows * keys * BYTES);
        Matrix s = new Matrix(scores, n, 1);
        product(m, n, width, matrix(at, 0, b, first), turned(matrix(at, 1, b, 0)), s, false);
        Matrix y = matrix(at, result, b, first);
        float[] shares = new float[m];
        for (int i = 0; i < m; i++) {
            long x = scores + (long) i * n * BYTES;
            int len = reach[first + i];
            scaled(at, b, first + i, x, len);
            float most = VectorSoftmax.largest(x, len);
            double sum = VectorSoftmax.powers(x, most, x, len);
            Mem.zero(x + (long) len * BYTES, (long) (n - len) * BYTES);
            shares[i] = (float) (1 / sum);
            Mem.putFloat(number(at, result + 1, b, first + i), (float) (most + Math.log(sum)));
        }
        product(m, values, n, s, matrix(at, 2, b, 0), y, false);
        for (int i = 0; i < m; i++) {
            scale(y, i, shares[i], values);
        }
    }

    private static void scale(Matrix y, int row, float by, int n) {
        long at = y.address() + row * y.rowStride() * BYTES;
        if (y.colStride() == 1) {
            VectorNorm.affine(at, 0, at, by, 0, n);
            return;
        }
        for (int j = 0; j < n; j++) {
            long p = at + j * y.colStride() * BYTES;
            Mem.putFloat(p, Mem.getFloat(p) * by);
        }
    }

    /// The gradients of one batch, which reads its rows of weights anew.
    private void backward(long[] at, int[] reach, int b) {
        int results = types.size() - 3;
        long scratch = Scratch.get().more(2L * rows * keys * BYTES);
        int end = (queries - 1) / rows * rows;
        // From the last block to the first, since the one that comes first writes the gradients of all keys, and the
        // last queries of a causal attention reach them all anyway.
        for (int first = end; first >= 0; first -= rows) {
            int m = Math.min(rows, queries - first);
            int n = first == end ? keys : most(reach, first, m);
            Matrix p = new Matrix(scratch, n, 1);
            Matrix s = new Matrix(scratch + (long) rows * keys * BYTES, n, 1);
            Matrix q = matrix(at, 1, b, first);
            Matrix g = matrix(at, 0, b, first);
            product(m, n, width, q, turned(matrix(at, 2, b, 0)), p, false);
            product(m, n, values, g, turned(matrix(at, 3, b, 0)), s, false);
            for (int i = 0; i < m; i++) {
                long weights = p.address() + (long) i * n * BYTES;
                long gradient = s.address() + (long) i * n * BYTES;
                int len = reach[first + i];
                scaled(at, b, first + i, weights, len);
                float total = Mem.getFloat(number(at, 4, b, first + i));
                VectorSoftmax.powers(weights, total, weights, len);
                float along = Mem.getFloat(number(at, 5, b, first + i));
                VectorNorm.weighted(weights, gradient, along, (float) op.scale(), gradient, len);
                Mem.zero(weights + (long) len * BYTES, (long) (n - len) * BYTES);
                Mem.zero(gradient + (long) len * BYTES, (long) (n - len) * BYTES);
            }
            boolean more = first < end;
            product(m, width, n, s, matrix(at, 2, b, 0), matrix(at, results, b, first), false);
            product(n, width, m, turned(s), q, matrix(at, results + 1, b, 0), more);
            product(n, values, m, turned(p), g, matrix(at, results + 2, b, 0), more);
        }
    }
}
