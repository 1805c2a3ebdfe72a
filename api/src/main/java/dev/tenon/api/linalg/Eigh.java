package dev.tenon.api.linalg;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Eigenvalues, ascending, and eigenvectors (columns) of symmetric matrices, by Jacobi's rotations (Golub and Van Loan,
/// 8.5). Only one triangle is read.
///
/// @param upper whether that is the upper one
public record Eigh(boolean upper) implements CustomOp {
    private static final int SWEEPS = 60;

    @Override
    public String name() {
        return "eigh";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        Shape batch = Matrices.check(name(), x, true);
        return List.of(TensorType.of(x.dtype(), batch.concat(Shape.of(x.shape().dim(-1)))),
                TensorType.of(x.dtype(), x.shape()));
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        Tensor x = in.getFirst();
        int n = (int) x.size(-1);
        double[] a = x.toDoubleArray();
        int count = (int) Lu.count(x);
        double[] values = new double[count * n];
        double[] vectors = new double[a.length];
        for (int m = 0; m < count; m++) {
            double[][] s = new double[n][n];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j <= i; j++) {
                    double v = upper ? a[m * n * n + j * n + i] : a[m * n * n + i * n + j];
                    s[i][j] = v;
                    s[j][i] = v;
                }
            }
            double[][] v = diagonalize(s);
            int[] order = IntStream.range(0, n).boxed().sorted(Comparator.comparingDouble(i -> s[i][i]))
                    .mapToInt(Integer::intValue).toArray();
            for (int j = 0; j < n; j++) {
                values[m * n + j] = s[order[j]][order[j]];
                for (int i = 0; i < n; i++) {
                    vectors[m * n * n + i * n + j] = v[i][order[j]];
                }
            }
        }
        Shape batch = x.shape().slice(0, x.rank() - 1);
        return List.of(Matrices.tensor(values, batch, x.dtype(), x.device()),
                Matrices.tensor(vectors, x.shape(), x.dtype(), x.device()));
    }

    /// Makes a symmetric matrix diagonal by rotations and gives their product.
    private static double[][] diagonalize(double[][] s) {
        int n = s.length;
        double[][] v = new double[n][n];
        for (int i = 0; i < n; i++) {
            v[i][i] = 1;
        }
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            double off = 0;
            double all = 0;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    off += i == j ? 0 : s[i][j] * s[i][j];
                    all += s[i][j] * s[i][j];
                }
            }
            if (off <= 1e-32 * all) {
                break;
            }
            for (int p = 0; p < n; p++) {
                for (int q = p + 1; q < n; q++) {
                    rotate(s, v, p, q);
                }
            }
        }
        return v;
    }

    private static void rotate(double[][] s, double[][] v, int p, int q) {
        if (s[p][q] == 0) {
            return;
        }
        double theta = (s[q][q] - s[p][p]) / (2 * s[p][q]);
        double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
        double c = 1 / Math.hypot(t, 1);
        double sine = t * c;
        int n = s.length;
        for (int k = 0; k < n; k++) {
            double x = s[k][p];
            double y = s[k][q];
            s[k][p] = c * x - sine * y;
            s[k][q] = sine * x + c * y;
        }
        for (int k = 0; k < n; k++) {
            double x = s[p][k];
            double y = s[q][k];
            s[p][k] = c * x - sine * y;
            s[q][k] = sine * x + c * y;
            double z = v[k][p];
            double w = v[k][q];
            v[k][p] = c * z - sine * w;
            v[k][q] = sine * z + c * w;
        }
    }
}
