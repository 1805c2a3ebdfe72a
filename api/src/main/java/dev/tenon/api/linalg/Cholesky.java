package dev.tenon.api.linalg;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import java.util.List;

/// The lower triangular L with L Lᵀ = A, for symmetric positive definite matrices. Only the lower triangle is read.
public record Cholesky() implements CustomOp {
    @Override
    public String name() {
        return "cholesky";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Matrices.check(name(), in.getFirst(), true);
        return List.of(TensorType.of(in.getFirst().dtype(), in.getFirst().shape()));
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        Tensor x = in.getFirst();
        int n = (int) x.size(-1);
        double[] a = x.toDoubleArray();
        Matrices.each(n == 0 ? 0 : x.elements() / (n * n), n * n, o -> factor(a, o, n));
        return List.of(Matrices.tensor(a, x.shape(), x.dtype(), x.device()));
    }

    private static void factor(double[] a, int o, int n) {
        for (int j = 0; j < n; j++) {
            for (int i = j; i < n; i++) {
                double s = a[o + i * n + j];
                for (int k = 0; k < j; k++) {
                    s -= a[o + i * n + k] * a[o + j * n + k];
                }
                if (i == j && !(s > 0)) {
                    throw new TensorException("cholesky: the leading minor of order " + (j + 1)
                            + " is not positive definite; add a small multiple of the identity");
                }
                a[o + i * n + j] = i == j ? Math.sqrt(s) : s / a[o + j * n + j];
            }
            for (int i = 0; i < j; i++) {
                a[o + i * n + j] = 0;
            }
        }
    }
}
