package dev.tenon.api.linalg;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import java.util.List;

/// The X with A X = B for triangular A. Operands: A `[..., n, n]`, B `[..., n, k]` with the same batch axes. The other
/// triangle of A is not read.
///
/// @param upper whether A is upper triangular
/// @param unit whether the diagonal counts as ones
public record TriangularSolve(boolean upper, boolean unit) implements CustomOp {
    @Override
    public String name() {
        return "solve_triangular";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return Solve.types(name(), in);
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        Tensor left = in.get(0);
        Shape s = in.get(1).shape();
        int n = (int) left.size(-1);
        int k = (int) s.dim(-1);
        double[] a = left.toDoubleArray();
        double[] x = in.get(1).toDoubleArray();
        long count = s.slice(0, s.rank() - 2).elements();
        for (int m = 0; m < count; m++) {
            for (int step = 0; step < n; step++) {
                int i = upper ? n - 1 - step : step;
                for (int c = 0; c < k; c++) {
                    double v = x[(m * n + i) * k + c];
                    for (int j = upper ? i + 1 : 0; j < (upper ? n : i); j++) {
                        v -= a[(m * n + i) * n + j] * x[(m * n + j) * k + c];
                    }
                    x[(m * n + i) * k + c] = unit ? v : v / a[(m * n + i) * n + i];
                }
            }
        }
        return List.of(Matrices.tensor(x, s, left.dtype(), left.device()));
    }

    /// The number of rows, for messages.
    static TensorException misfit(String op, TensorType a, TensorType b) {
        return new TensorException(op + ": " + a + " X = " + b
                + ": expected [..., n, n] and [..., n, k] of one dtype with the same batch axes");
    }
}
