package dev.tenon.backend.cuda;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.UnaryFn;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A matrix product as BLAS knows it. BLAS stores columns one after the other, so it is given the transposed product:
/// what it calls A, of `n` rows, is our right operand, what it calls B our left one, and its result our rows.
///
/// @param dtype of the operands
/// @param epilogue what BLAS itself can do with the product
/// @param ownEpilogue whether there is an epilogue that BLAS does not know: the product is then left in the kind of
///     arithmetic
record MatMulForm(DType dtype, long m, long n, long k, long batch, Matrix right, Matrix left, Epilogue epilogue,
        boolean ownEpilogue) {

    /// How an operand lies in memory.
    ///
    /// @param transposed whether BLAS is to transpose it
    /// @param lead elements from one of its columns to the next
    /// @param batchStride elements from one of the batch to the next; 0 for the same one
    record Matrix(boolean transposed, long lead, long batchStride) {}

    /// What is done to each element of the product, with BLAS's numbers.
    enum Epilogue {
        NONE(1), BIAS(4), RELU(2), RELU_BIAS(6), GELU(32), GELU_BIAS(36);

        private final int code;

        Epilogue(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }

        boolean hasBias() {
            return (code & 4) != 0;
        }
    }

    /// Smaller products than this are not worth the library's call.
    private static final long LEAST = 64 * 64 * 64;

    /// The form of an op, or empty if BLAS does not know such a product.
    static Optional<MatMulForm> of(MatMulOp op, List<TensorType> in, List<TensorType> out) {
        TensorType a = in.get(0);
        TensorType b = in.get(1);
        Shape shape = out.getFirst().shape();
        int r = shape.rank() - 2;
        Shape batch = shape.slice(0, r);
        long m = shape.dim(-2);
        long n = shape.dim(-1);
        long k = a.shape().dim(-1);
        if (!a.dtype().isFloating() || shape.elements() == 0 || k == 0 || batch.elements() > Integer.MAX_VALUE) {
            return Optional.empty();
        }
        Optional<Matrix> left = matrix(a, batch, m, k);
        Optional<Matrix> right = matrix(b, batch, k, n);
        boolean contiguous = out.stream().allMatch(TensorType::isContiguous);
        if (left.isEmpty() || right.isEmpty() || !contiguous) {
            return Optional.empty();
        }
        Epilogue known = op.epilogue().isEmpty() ? Epilogue.NONE : known(op, in, out).orElse(null);
        return Optional.of(new MatMulForm(a.dtype(), m, n, k, batch.elements(), right.get(), left.get(),
                known == null ? Epilogue.NONE : known, known == null));
    }

    /// Whether the product is large enough.
    boolean isWorthwhile() {
        return m * n * k >= LEAST;
    }

    /// The dtype of what BLAS writes.
    DType result() {
        return ownEpilogue ? dtype.kind().dtype() : dtype;
    }

    private static Optional<Matrix> matrix(TensorType t, Shape batch, long rows, long columns) {
        long[] s = t.broadcastStrides(batch.concat(Shape.of(rows, columns)));
        int r = batch.rank();
        long step = 0;
        long span = 1;
        // All axes of the batch must step as one.
        for (int i = r - 1; i >= 0; i--) {
            long d = batch.dim(i);
            if (d == 1) {
                continue;
            }
            if (span == 1) {
                step = s[i];
            } else if (s[i] != step * span) {
                return Optional.empty();
            }
            span *= d;
        }
        long row = s[r];
        long column = s[r + 1];
        if (step < 0) {
            return Optional.empty();
        }
        if ((column == 1 || columns == 1) && (row >= columns || rows == 1)) {
            return Optional.of(new Matrix(false, rows == 1 ? columns : row, step));
        }
        if ((row == 1 || rows == 1) && (column >= rows || columns == 1)) {
            return Optional.of(new Matrix(true, columns == 1 ? rows : column, step));
        }
        return Optional.empty();
    }

    /// The epilogue if BLAS knows it: a bias along the result's rows, then perhaps an activation.
    private static Optional<Epilogue> known(MatMulOp op, List<TensorType> in, List<TensorType> out) {
        DType dtype = in.getFirst().dtype();
        Lambda body = op.epilogue().orElseThrow();
        if (out.size() != 1 || out.getFirst().dtype() != dtype || dtype == DType.F64 || in.size() > 3) {
            return Optional.empty();
        }
        boolean bias = in.size() == 3;
        if (bias) {
            TensorType t = in.get(2);
            boolean vector = t.dtype() == dtype && t.isContiguous() && t.elements() == out.getFirst().shape().dim(-1)
                    && t.rank() > 0 && t.shape().dim(-1) == t.elements();
            if (!vector) {
                return Optional.empty();
            }
        }
        for (Epilogue e : Epilogue.values()) {
            if (e.hasBias() == bias && bodies(e, dtype).contains(body)) {
                return Optional.of(e);
            }
        }
        return Optional.empty();
    }

    /// The lambdas that mean an epilogue.
    private static List<Lambda> bodies(Epilogue e, DType dtype) {
        Expr product = new Expr.Input(0, Kind.F32);
        List<Expr> sums = new ArrayList<>();
        if (e.hasBias()) {
            Expr bias = Exprs.in(1, dtype);
            sums.add(Exprs.add(product, bias));
            sums.add(Exprs.add(bias, product));
        } else {
            sums.add(product);
        }
        return sums.stream().map(x -> Lambda.of(switch (e) {
            case NONE, BIAS -> x;
            case RELU, RELU_BIAS ->
                Exprs.select(Exprs.binary(BinaryFn.LE, x, Exprs.like(x, 0)), Exprs.like(x, 0), x);
            case GELU, GELU_BIAS -> {
                Expr inner = Exprs.mul(
                        Exprs.add(x, Exprs.mul(Exprs.mul(Exprs.mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
                yield Exprs.mul(Exprs.mul(x, 0.5), Exprs.add(Exprs.unary(UnaryFn.TANH, inner), 1));
            }
        }, dtype)).toList();
    }
}
