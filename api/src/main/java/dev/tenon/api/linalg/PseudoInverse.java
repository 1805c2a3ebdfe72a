package dev.tenon.api.linalg;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import java.util.List;

/// Moore and Penrose's inverse by the singular value decomposition. Operands: A `[..., m, n]` and, for each matrix, the
/// bound `[...]` up to which singular values count as zero. Its gradient holds where the rank does not change.
public record PseudoInverse() implements CustomOp {
    @Override
    public String name() {
        return "pinv";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.get(0);
        Shape batch = Matrices.check(name(), x, false);
        if (!in.get(1).shape().equals(batch)) {
            throw new TensorException("pinv: " + x + " with bounds " + in.get(1) + ": expected one for each matrix");
        }
        return List.of(TensorType.of(x.dtype(), batch.concat(Shape.of(x.shape().dim(-1), x.shape().dim(-2)))));
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        List<Tensor> usv = Dispatcher.apply(new Svd(), List.of(in.get(0)));
        Tensor s = usv.get(1);
        Tensor inverse = s.reciprocal().where(s.gt(in.get(1).unsqueeze(-1)), Tensors.zerosLike(s));
        return List.of(usv.get(2).mT().mul(inverse.unsqueeze(-2)).matmul(usv.get(0).mT()).contiguous());
    }
}
