package dev.tenon.api.linalg;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import java.util.List;

/// The X with A X = B, by elimination with partial pivoting. Operands: A `[..., n, n]`, B `[..., n, k]` with the same
/// batch axes.
public record Solve() implements CustomOp {
    @Override
    public String name() {
        return "solve";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return types(name(), in);
    }

    static List<TensorType> types(String op, List<TensorType> in) {
        TensorType a = in.get(0);
        TensorType b = in.get(1);
        Shape batch = Matrices.check(op, a, true);
        if (b.rank() < 2 || b.dtype() != a.dtype() || b.shape().dim(-2) != a.shape().dim(-1)
                || !b.shape().slice(0, b.rank() - 2).equals(batch)) {
            throw TriangularSolve.misfit(op, a, b);
        }
        return List.of(TensorType.of(b.dtype(), b.shape()));
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        Tensor left = in.get(0);
        Shape s = in.get(1).shape();
        int n = (int) left.size(-1);
        int k = (int) s.dim(-1);
        double[] a = left.toDoubleArray();
        double[] x = in.get(1).toDoubleArray();
        for (int m = 0; m < Lu.count(left); m++) {
            Lu lu = new Lu(a, m * n * n, n);
            if (lu.singular) {
                throw new TensorException("solve: matrix " + m + " of " + left.shape()
                        + " is singular; use pinv for a least-squares solution");
            }
            lu.solve(x, m * n * k, k);
        }
        return List.of(Matrices.tensor(x, s, left.dtype(), left.device()));
    }
}
