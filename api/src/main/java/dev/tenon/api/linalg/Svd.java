package dev.tenon.api.linalg;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// The reduced singular value decomposition A = U diag(S) Vᵀ by one-sided Jacobi rotations (Hestenes, 1958). Outputs,
/// with k = min(m, n): U `[..., m, k]`, S `[..., k]` descending, Vᵀ `[..., k, n]`.
public record Svd() implements CustomOp {
    private static final int SWEEPS = 60;

    @Override
    public String name() {
        return "svd";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        Shape batch = Matrices.check(name(), x, false);
        long m = x.shape().dim(-2);
        long n = x.shape().dim(-1);
        long k = Math.min(m, n);
        return List.of(TensorType.of(x.dtype(), batch.concat(Shape.of(m, k))),
                TensorType.of(x.dtype(), batch.concat(Shape.of(k))),
                TensorType.of(x.dtype(), batch.concat(Shape.of(k, n))));
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        Tensor x = in.getFirst();
        int m = (int) x.size(-2);
        int n = (int) x.size(-1);
        int k = Math.min(m, n);
        int count = (int) Lu.count(x);
        double[] a = x.toDoubleArray();
        double[] u = new double[count * m * k];
        double[] s = new double[count * k];
        double[] vt = new double[count * k * n];
        boolean wide = n > m;
        int rows = wide ? n : m;
        for (int b = 0; b < count; b++) {
            // The columns of the taller of A and its transpose.
            double[][] w = new double[k][rows];
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double value = a[(b * m + i) * n + j];
                    if (wide) {
                        w[i][j] = value;
                    } else {
                        w[j][i] = value;
                    }
                }
            }
            double[][] v = orthogonalize(w);
            double[] length = new double[k];
            for (int j = 0; j < k; j++) {
                length[j] = norm(w[j]);
            }
            int[] order = IntStream.range(0, k).boxed()
                    .sorted(Comparator.comparingDouble((Integer j) -> -length[j]))
                    .mapToInt(Integer::intValue).toArray();
            complete(w, length, order);
            for (int j = 0; j < k; j++) {
                int o = order[j];
                s[b * k + j] = length[o];
                for (int i = 0; i < m; i++) {
                    u[(b * m + i) * k + j] = wide ? v[o][i] : w[o][i];
                }
                for (int i = 0; i < n; i++) {
                    vt[(b * k + j) * n + i] = wide ? w[o][i] : v[o][i];
                }
            }
        }
        Shape batch = x.shape().slice(0, x.rank() - 2);
        return List.of(Matrices.tensor(u, batch.concat(Shape.of(m, k)), x.dtype(), x.device()),
                Matrices.tensor(s, batch.concat(Shape.of(k)), x.dtype(), x.device()),
                Matrices.tensor(vt, batch.concat(Shape.of(k, n)), x.dtype(), x.device()));
    }

    private static double dot(double[] a, double[] b) {
        double d = 0;
        for (int i = 0; i < a.length; i++) {
            d += a[i] * b[i];
        }
        return d;
    }

    private static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }

    /// Rotates vectors until they are orthogonal, and gives the rotated unit vectors.
    private static double[][] orthogonalize(double[][] w) {
        int k = w.length;
        double[][] v = new double[k][k];
        for (int i = 0; i < k; i++) {
            v[i][i] = 1;
        }
        boolean rotated = true;
        for (int sweep = 0; sweep < SWEEPS && rotated; sweep++) {
            rotated = false;
            for (int p = 0; p < k; p++) {
                for (int q = p + 1; q < k; q++) {
                    double alpha = dot(w[p], w[p]);
                    double beta = dot(w[q], w[q]);
                    double gamma = dot(w[p], w[q]);
                    if (gamma == 0 || Math.abs(gamma) <= 1e-16 * Math.sqrt(alpha * beta)) {
                        continue;
                    }
                    rotated = true;
                    double zeta = (beta - alpha) / (2 * gamma);
                    double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.hypot(zeta, 1));
                    double c = 1 / Math.hypot(t, 1);
                    rotate(w[p], w[q], c, c * t);
                    rotate(v[p], v[q], c, c * t);
                }
            }
        }
        return v;
    }

    private static void rotate(double[] a, double[] b, double c, double s) {
        for (int i = 0; i < a.length; i++) {
            double x = a[i];
            a[i] = c * x - s * b[i];
            b[i] = s * x + c * b[i];
        }
    }

    /// Gives the vectors length 1, and puts others orthogonal to all in the place of those of length 0.
    private static void complete(double[][] w, double[] length, int[] order) {
        double smallest = order.length == 0 ? 0 : length[order[0]] * 1e-300;
        for (int j = 0; j < order.length; j++) {
            double[] a = w[order[j]];
            if (length[order[j]] > smallest) {
                scale(a, 1 / length[order[j]]);
                continue;
            }
            for (int axis = 0; axis < a.length; axis++) {
                Arrays.fill(a, 0);
                a[axis] = 1;
                for (int twice = 0; twice < 2; twice++) {
                    for (int i = 0; i < j; i++) {
                        double d = dot(a, w[order[i]]);
                        for (int r = 0; r < a.length; r++) {
                            a[r] -= d * w[order[i]][r];
                        }
                    }
                }
                double rest = norm(a);
                if (rest > 0.5 / Math.sqrt(a.length)) {
                    scale(a, 1 / rest);
                    break;
                }
            }
        }
    }

    private static void scale(double[] a, double f) {
        for (int i = 0; i < a.length; i++) {
            a[i] *= f;
        }
    }
}
