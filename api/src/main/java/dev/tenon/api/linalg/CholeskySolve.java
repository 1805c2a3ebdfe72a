package dev.tenon.api.linalg;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import java.util.List;

/// The X with A X = B for a matrix A given by its triangular factor: A = L Lᵀ. Operands: L `[..., n, n]`, B
/// `[..., n, k]` with the same batch axes. The gradient of L is that of L Lᵀ, not limited to the triangle.
public record CholeskySolve() implements CustomOp {
    @Override
    public String name() {
        return "cholesky_solve";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return Solve.types(name(), in);
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        Tensor y = Dispatcher.run(new TriangularSolve(false, false), in.get(0), in.get(1));
        return List.of(Dispatcher.run(new TriangularSolve(true, false), in.get(0).mT(), y));
    }
}
