package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.List;

/// Scaled dot-product attention (Vaswani et al., 2017), `softmax(scale Q Kᵀ + mask) V`. Operands: queries
/// `[..., m, width]`, keys `[..., n, width]`, values `[..., n, out]`, all with the same leading axes, and, or not, a
/// mask that is added to the scores and broadcasts to `[..., m, n]`. Outputs: `[..., m, out]`; and, in the
/// arithmetic of the operands' dtype, the logarithm of the sum of the exponentials of each query's scores, `[..., m]`.
///
/// A backend's kernel need not hold all scores at once (Dao et al., 2022).
///
/// @param causal whether query i attends to keys up to i alone
/// @param scale what the products are multiplied by
public record Attention(boolean causal, double scale) implements Composite {
    @Override
    public String name() {
        return "attention";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType q = in.get(0);
        TensorType k = in.get(1);
        TensorType v = in.get(2);
        int rank = q.rank();
        boolean fits = rank >= 2 && k.rank() == rank && v.rank() == rank && q.dtype().isFloating()
                && k.dtype() == q.dtype() && v.dtype() == q.dtype()
                && q.shape().dim(-1) == k.shape().dim(-1) && k.shape().dim(-2) == v.shape().dim(-2)
                && q.shape().slice(0, rank - 2).equals(k.shape().slice(0, rank - 2))
                && q.shape().slice(0, rank - 2).equals(v.shape().slice(0, rank - 2));
        if (!fits) {
            throw new TensorException("attention: queries " + q + ", keys " + k + ", values " + v
                    + ": expected floating-point [..., m, width], [..., n, width] and [..., n, out] of one dtype");
        }
        Shape rows = q.shape().slice(0, rank - 1);
        if (in.size() > 3) {
            Shape scores = rows.concat(Shape.of(k.shape().dim(-2)));
            TensorType mask = in.get(3);
            if (!mask.dtype().isFloating() || !Shape.broadcast("attention", scores, mask.shape()).equals(scores)) {
                throw new TensorException("attention: mask " + mask + ": expected floating-point numbers that broadcast"
                        + " to the scores, " + scores);
            }
        }
        return List.of(TensorType.of(q.dtype(), rows.concat(Shape.of(v.shape().dim(-1)))),
                TensorType.of(q.dtype().kind().dtype(), rows));
    }

    /// All scores, `[..., m, n]`, in the arithmetic of the operands' dtype.
    Tensor scores(Tensor q, Tensor k, List<Tensor> mask) {
        DType work = q.dtype().kind().dtype();
        Tensor s = q.matmul(k.mT()).to(work).mul(scale);
        if (!mask.isEmpty()) {
            s = s.add(mask.getFirst().to(work));
        }
        if (causal) {
            Tensor row = Tensors.arange(0, q.size(-2), 1, DType.I64, q.device()).unsqueeze(1);
            Tensor column = Tensors.arange(0, k.size(-2), 1, DType.I64, q.device());
            s = s.maskedFill(row.lt(column), Double.NEGATIVE_INFINITY);
        }
        return s;
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor q = in.get(0);
        Tensor k = in.get(1);
        Tensor v = in.get(2);
        DType dtype = q.dtype();
        if (k.size(-2) == 0) {
            List<TensorType> out = infer(in.stream().map(Tensor::type).toList());
            return List.of(Tensors.zeros(out.get(0).shape(), dtype, q.device()),
                    Tensors.full(out.get(1).shape(), Double.NEGATIVE_INFINITY, out.get(1).dtype(), q.device()));
        }
        Tensor s = scores(q, k, in.subList(3, in.size()));
        Tensor total = s.logsumexp(new int[] {-1}, true);
        Tensor weights = s.sub(total).exp().to(dtype);
        return List.of(weights.matmul(v), total.squeeze(-1));
    }
}
