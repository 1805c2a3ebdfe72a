package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.op.Lstm;
import dev.tenon.api.op.LstmBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.gemm.Gemm;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import dev.tenon.backend.cpu.gemm.MatMul;
import dev.tenon.backend.cpu.gemm.MatMul.Matrix;
import dev.tenon.backend.cpu.gemm.PackedB;
import dev.tenon.backend.cpu.gemm.StoreC;
import dev.tenon.backend.cpu.gemm.Workspace;
import dev.tenon.backend.cpu.math.VectorLstm;
import java.util.List;
import java.util.Optional;

/// An LSTM layer over floats, and its gradients. The weights of the state are packed once for all steps, and each
/// thread takes some sequences from their beginning to their end: nobody waits for anybody between steps.
final class LstmKernel implements Dense.Body {
    private static final int BYTES = DType.F32.bytes();
    /// With fewer sequences a thread reads the weights for too few multiplications.
    private static final int LEAST_ROWS = 4;

    private final WorkerPool pool;
    private final GemmKernel kernel = GemmKernel.f32(true);
    private final boolean backwards;
    private final int inputs;
    private final int steps;
    private final int n;
    private final int hidden;
    /// Bytes of one step's states.
    private final long step;

    private LstmKernel(WorkerPool pool, boolean backwards, int inputs, TensorType sums) {
        this.pool = pool;
        this.backwards = backwards;
        this.inputs = inputs;
        steps = Math.toIntExact(sums.shape().dim(0));
        n = Math.toIntExact(sums.shape().dim(1));
        hidden = Math.toIntExact(sums.shape().dim(2) / 4);
        step = (long) n * hidden * BYTES;
    }

    /// A kernel for a layer or its gradients, or empty where it decomposes.
    static Optional<Kernel> prepare(Blocks blocks, WorkerPool pool, Op op, List<TensorType> in, List<TensorType> out) {
        TensorType first = in.getFirst();
        if (!blocks.isVector() || first.dtype() != DType.F32 || first.elements() == 0) {
            return Optional.empty();
        }
        Dense.Body body;
        if (op instanceof LstmBackward b) {
            LstmKernel k = new LstmKernel(pool, b.lstm().backwards(), in.size(), in.get(1));
            body = k::backward;
        } else {
            body = new LstmKernel(pool, ((Lstm) op).backwards(), in.size(), first);
        }
        return Optional.of(new Dense(blocks, pool, in, out, body));
    }

    private int time(int i) {
        return backwards ? steps - 1 - i : i;
    }

    /// Products with one matrix, as far as possible packed once.
    private interface Product {
        /// `C = A B` for the given number of rows.
        void run(int rows, long a, long c);
    }

    private Product by(Matrix b, int k, int columns) {
        if (n == 1) {
            // The pool shares each product, which reads its matrix but once.
            return (_, a, c) -> MatMul.run(true, pool, MatMul.Type.F32, 1, columns, k, new Matrix(a, k, 1), b,
                    new Matrix(c, columns, 1), false, null);
        }
        long to = Scratch.get().more(PackedB.bytes(kernel, k, columns));
        PackedB packed = PackedB.of(kernel, pool, k, columns, MatMul.matrixB(kernel, b), to);
        return (rows, a, c) -> Gemm.run(kernel, null, rows, columns, k, MatMul.matrixA(kernel, new Matrix(a, k, 1)),
                packed, StoreC.matrix(kernel, c, (long) columns * BYTES, BYTES), false, null);
    }

    @Override
    public void run(long[] at) {
        Product product = by(new Matrix(at[1], 1, hidden), hidden, 4 * hidden);
        pool.parallelFor(n, LEAST_ROWS, (from, to) -> forward(at, product, from, (int) (to - from)));
    }

    private void forward(long[] at, Product product, long from, int rows) {
        long row = (long) hidden * BYTES;
        long products = Workspace.get().memory(Workspace.CALLER, (4L * rows + 4) * row);
        long gates = products + 4 * rows * row;
        long states = at[4] + from * row;
        long memories = at[5] + from * row;
        long state = at[2] + from * row;
        long memory = at[3] + from * row;
        for (int i = 0; i < steps; i++) {
            int t = time(i);
            product.run(rows, state, products);
            long nextState = states + t * step;
            long nextMemory = memories + t * step;
            for (int r = 0; r < rows; r++) {
                long p = products + 4 * r * row;
                long place = 4 * (t * step + (from + r) * row);
                long x = at[0] + place;
                long sums = at[6] + place;
                VectorLstm.logistic(x, p, sums, gates, 2 * hidden);
                VectorLstm.tangent(x + 2 * row, p + 2 * row, sums + 2 * row, gates + 2 * row, hidden);
                VectorLstm.logistic(x + 3 * row, p + 3 * row, sums + 3 * row, gates + 3 * row, hidden);
                VectorLstm.next(gates, memory + r * row, nextMemory + r * row, nextState + r * row, hidden);
            }
            state = nextState;
            memory = nextMemory;
        }
    }

    private void backward(long[] at) {
        Product product = by(new Matrix(at[4], hidden, 1), 4 * hidden, hidden);
        pool.parallelFor(n, LEAST_ROWS, (from, to) -> backward(at, product, from, (int) (to - from)));
    }

    private void backward(long[] at, Product product, long from, int rows) {
        long row = (long) hidden * BYTES;
        long gates = Workspace.get().memory(Workspace.CALLER, 4 * row);
        long ofState = at[inputs + 1] + from * row;
        long ofMemory = at[inputs + 2] + from * row;
        Mem.zero(ofState, rows * row);
        Mem.zero(ofMemory, rows * row);
        for (int i = steps - 1; i >= 0; i--) {
            int t = time(i);
            long place = t * step + from * row;
            kernel.add(at[0] + place, ofState, (long) rows * hidden);
            if (inputs > 5) {
                kernel.add(at[5] + place, ofMemory, (long) rows * hidden);
            }
            long before = i == 0 ? at[3] + from * row : at[2] + time(i - 1) * step + from * row;
            long grads = at[inputs] + 4 * place;
            for (int r = 0; r < rows; r++) {
                long sums = at[1] + 4 * place + 4 * r * row;
                long g = grads + 4 * r * row;
                VectorLstm.logistic(sums, gates, 2 * hidden);
                VectorLstm.tangent(sums + 2 * row, gates + 2 * row, hidden);
                VectorLstm.logistic(sums + 3 * row, gates + 3 * row, hidden);
                VectorLstm.backOutput(gates + 3 * row, at[2] + place + r * row, ofState + r * row, ofMemory + r * row,
                        g + 3 * row, hidden);
                VectorLstm.backMemory(gates, before + r * row, ofMemory + r * row, g, hidden);
            }
            if (inputs > 6) {
                kernel.add(at[6] + 4 * place, grads, 4L * rows * hidden);
            }
            product.run(rows, grads, ofState);
        }
    }
}
