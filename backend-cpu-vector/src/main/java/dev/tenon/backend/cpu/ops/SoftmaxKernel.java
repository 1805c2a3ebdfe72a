package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.block.Fn1;
import dev.tenon.backend.cpu.block.Fn2;
import dev.tenon.backend.cpu.block.Reductions;
import dev.tenon.backend.cpu.block.VectorNorm;
import dev.tenon.backend.cpu.math.VectorSoftmax;

/// Softmax and its logarithm along the innermost axis, row by row in the cache.
final class SoftmaxKernel implements Dense.Body {
    private static final int PIECE = Plan.BLOCK;

    private final WorkerPool pool;
    private final boolean log;
    private final Kind kind;
    private final DType dtype;
    private final int bytes;
    private final long rows;
    private final long length;
    private final Reductions reductions;
    private final Fn2 subtract;
    private final Fn2 divide;
    private final Fn1 exp;
    private final boolean vector;

    SoftmaxKernel(Blocks blocks, WorkerPool pool, TensorType type, boolean log) {
        this.pool = pool;
        this.log = log;
        dtype = type.dtype();
        kind = dtype.kind();
        bytes = dtype.bytes();
        length = type.shape().dim(-1);
        rows = type.elements() / length;
        vector = blocks.isVector() && dtype == DType.F32;
        reductions = Reductions.of(blocks.isVector());
        subtract = blocks.binary(BinaryFn.SUB, kind);
        divide = blocks.binary(BinaryFn.DIV, kind);
        exp = blocks.unary(UnaryFn.EXP, kind);
    }

    @Override
    public void run(long[] at) {
        pool.parallelFor(rows, Math.max(1, (1 << 13) / length), (from, to) -> {
            long scratch = Scratch.get().more(3L * PIECE * bytes);
            for (long r = from; r < to; r++) {
                row(at[0] + r * length * bytes, at[1] + r * length * bytes, scratch);
            }
        });
    }

    private void row(long x, long y, long scratch) {
        if (vector) {
            floats(x, y);
            return;
        }
        int most = (int) Math.min(PIECE, length);
        long same = scratch;
        long powers = scratch + (long) PIECE * bytes;
        double max = Double.NEGATIVE_INFINITY;
        for (long i = 0; i < length; i += PIECE) {
            int n = (int) Math.min(PIECE, length - i);
            max = Math.max(max, reductions.extreme(kind, x + i * bytes, n, true));
        }
        spread(same, max, most);
        double sum = 0;
        for (long i = 0; i < length; i += PIECE) {
            int n = (int) Math.min(PIECE, length - i);
            subtract.run(x + i * bytes, same, y + i * bytes, n);
            long e = log ? powers : y + i * bytes;
            exp.run(y + i * bytes, e, n);
            sum += reductions.sum(kind, e, n);
        }
        spread(same, log ? Math.log(sum) : sum, most);
        for (long i = 0; i < length; i += PIECE) {
            int n = (int) Math.min(PIECE, length - i);
            (log ? subtract : divide).run(y + i * bytes, same, y + i * bytes, n);
        }
    }

    /// A row of floats in vectors: the largest, the powers with their sum, the quotients.
    private void floats(long x, long y) {
        float max = Float.NEGATIVE_INFINITY;
        for (long i = 0; i < length; i += Plan.LONG_BLOCK) {
            int n = (int) Math.min(Plan.LONG_BLOCK, length - i);
            max = Math.max(max, VectorSoftmax.largest(x + i * bytes, n));
        }
        double sum = log ? VectorSoftmax.sum(x, max, length) : VectorSoftmax.powers(x, max, y, length);
        long from = log ? x : y;
        float less = log ? max : 0;
        float factor = log ? 1 : (float) (1 / sum);
        float more = log ? (float) -Math.log(sum) : 0;
        for (long i = 0; i < length; i += Plan.LONG_BLOCK) {
            int n = (int) Math.min(Plan.LONG_BLOCK, length - i);
            VectorNorm.affine(from + i * bytes, less, y + i * bytes, factor, more, n);
        }
    }

    private void spread(long at, double v, int n) {
        Values.putDouble(dtype, at, v);
        Blocks.fill(at, n, bytes);
    }
}
