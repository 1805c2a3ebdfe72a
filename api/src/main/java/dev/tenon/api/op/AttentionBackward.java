package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import java.util.List;

/// The gradients of an [Attention]. Operands: the gradient of its result; queries, keys and values; the logarithms that
/// it gave; for each query the sum of the products of result and gradient, `[..., m]`, of the logarithms' dtype, less
/// the gradient of the logarithm; the mask, if there was one; and, or not, the result. Outputs: the gradients of
/// queries, keys and values.
///
/// The result says nothing that is not known without it: libraries want it that form those sums themselves.
///
/// @param attention what was computed
/// @param result whether the last operand is the result that it gave, and the sums are those of its products with the
///        gradient and nothing else
public record AttentionBackward(Attention attention, boolean result) implements Composite {
    /// The operand that is the mask, if there is one.
    private static final int MASK = 6;

    /// The gradients without the result among the operands.
    public AttentionBackward(Attention attention) {
        this(attention, false);
    }

    /// Whether there is a mask.
    ///
    /// @param operands how many operands there are
    public boolean isMasked(int operands) {
        return operands - (result ? 1 : 0) > MASK;
    }

    @Override
    public String name() {
        return "attention_backward";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return in.subList(1, 4).stream().map(t -> TensorType.of(t.dtype(), t.shape())).toList();
    }

    /// The weights, and the gradient of the scores, both `[..., m, n]`.
    private List<Tensor> weightsAndScores(List<Tensor> in) {
        Tensor g = in.get(0);
        DType work = g.dtype().kind().dtype();
        Tensor s = attention.scores(in.get(1), in.get(2),
                in.subList(MASK, isMasked(in.size()) ? MASK + 1 : MASK));
        Tensor p = s.sub(in.get(4).unsqueeze(-1)).exp();
        Tensor gp = g.matmul(in.get(3).mT()).to(work);
        return List.of(p, p.mul(gp.sub(in.get(5).unsqueeze(-1))));
    }

    /// The gradient of the scores, `[..., m, n]`, which is that of the mask before it is summed to the mask's shape.
    ///
    /// @param in the operands
    public Tensor ofScores(List<Tensor> in) {
        return weightsAndScores(in).get(1);
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        DType dtype = in.getFirst().dtype();
        List<Tensor> both = weightsAndScores(in);
        Tensor gs = both.get(1).mul(attention.scale()).to(dtype);
        return List.of(gs.matmul(in.get(2)), gs.mT().matmul(in.get(1)),
                both.get(0).to(dtype).mT().matmul(in.getFirst()));
    }
}
