package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.TensorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Matrix product over the last two axes, batched and broadcast over the others: `[..., m, k] x [..., k, n]` gives
/// `[..., m, n]`. Operands may have any strides, so transposition is a view. `F16` and `BF16` accumulate in `F32`.
///
/// With an epilogue, operand 0 of that lambda is the product in its kind of arithmetic (not yet rounded), operand i is
/// this op's operand i + 1, which broadcasts to the result: bias, residual.
///
/// @param epilogue what is done to each element of the product before it is stored
/// @param scalars the numbers for the epilogue's parameters
public record MatMulOp(Optional<Lambda> epilogue, Scalars scalars) implements Primitive {
    /// The plain product.
    public static final MatMulOp PLAIN = new MatMulOp(Optional.empty(), Scalars.NONE);

    @Override
    public String name() {
        return "matmul";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType a = in.get(0);
        TensorType b = in.get(1);
        if (a.rank() < 2 || b.rank() < 2) {
            throw new TensorException("matmul: " + a.shape() + " x " + b.shape()
                    + ": both operands need two axes or more");
        }
        long inner = a.shape().dim(-1);
        if (inner != b.shape().dim(-2)) {
            throw new TensorException("matmul: " + a.shape() + " x " + b.shape() + ": inner dimensions " + inner
                    + " and "
                    + b.shape().dim(-2) + " differ");
        }
        if (a.dtype() != b.dtype()) {
            throw new TensorException("matmul: dtypes " + a.dtype() + " and " + b.dtype()
                    + " differ: convert one operand with to(DType)");
        }
        if (a.dtype() == DType.BOOL) {
            throw new TensorException("matmul: dtype bool is not supported: convert the operands with to(DType)");
        }
        Shape batch = Shape.broadcast("matmul", a.shape().slice(0, a.rank() - 2), b.shape().slice(0, b.rank() - 2));
        Shape out = batch.concat(Shape.of(a.shape().dim(-2), b.shape().dim(-1)));
        for (TensorType extra : in.subList(2, in.size())) {
            if (!extra.shape().broadcastsTo(out)) {
                throw new TensorException("matmul: epilogue operand " + extra.shape() + " does not broadcast to "
                        + out);
            }
        }
        List<TensorType> types = new ArrayList<>();
        if (epilogue.isEmpty()) {
            types.add(TensorType.of(a.dtype(), out));
        } else {
            epilogue.get().dtypes().forEach(d -> types.add(TensorType.of(d, out)));
        }
        return types;
    }

    @Override
    public MatMulOp withScalars(Scalars numbers) {
        return new MatMulOp(epilogue, numbers);
    }

    @Override
    public Op kernelKey() {
        return scalars.size() == 0 ? this : new MatMulOp(epilogue, Scalars.zeros(scalars.size()));
    }
}
