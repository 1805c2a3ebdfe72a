package dev.tenon.api.linalg;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import java.util.List;

/// The determinants of square matrices.
public record Determinant() implements CustomOp {
    @Override
    public String name() {
        return "det";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return List.of(TensorType.of(in.getFirst().dtype(), Matrices.check(name(), in.getFirst(), true)));
    }

    @Override
    public List<Tensor> evaluate(List<Tensor> in) {
        Tensor x = in.getFirst();
        int n = (int) x.size(-1);
        double[] a = x.toDoubleArray();
        double[] d = new double[(int) Lu.count(x)];
        for (int m = 0; m < d.length; m++) {
            d[m] = new Lu(a, m * n * n, n).determinant();
        }
        return List.of(Matrices.tensor(d, x.shape().slice(0, x.rank() - 2), x.dtype(), x.device()));
    }

    /// The derivatives of the determinants with respect to the elements, also of singular matrices.
    public record Cofactors() implements CustomOp {
        @Override
        public String name() {
            return "cofactors";
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
            double[] c = new double[a.length];
            for (int m = 0; m < Lu.count(x); m++) {
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) {
                        double[] minor = minor(a, m * n * n, n, i, j);
                        c[m * n * n + i * n + j] = ((i + j) % 2 == 0 ? 1 : -1)
                                * new Lu(minor, 0, n - 1).determinant();
                    }
                }
            }
            return List.of(Matrices.tensor(c, x.shape(), x.dtype(), x.device()));
        }

        private static double[] minor(double[] a, int o, int n, int row, int column) {
            double[] m = new double[(n - 1) * (n - 1)];
            int k = 0;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    if (i != row && j != column) {
                        m[k++] = a[o + i * n + j];
                    }
                }
            }
            return m;
        }
    }

    /// The signs of the determinants, and the logarithms of their magnitudes.
    public record Slogdet() implements CustomOp {
        @Override
        public String name() {
            return "slogdet";
        }

        @Override
        public List<TensorType> infer(List<TensorType> in) {
            TensorType t = TensorType.of(in.getFirst().dtype(), Matrices.check(name(), in.getFirst(), true));
            return List.of(t, t);
        }

        @Override
        public List<Tensor> evaluate(List<Tensor> in) {
            Tensor x = in.getFirst();
            int n = (int) x.size(-1);
            double[] a = x.toDoubleArray();
            double[] sign = new double[(int) Lu.count(x)];
            double[] log = new double[sign.length];
            for (int m = 0; m < sign.length; m++) {
                double[] d = new Lu(a, m * n * n, n).logDeterminant();
                sign[m] = d[0];
                log[m] = d[1];
            }
            Shape s = x.shape().slice(0, x.rank() - 2);
            return List.of(Matrices.tensor(sign, s, x.dtype(), x.device()),
                    Matrices.tensor(log, s, x.dtype(), x.device()));
        }
    }
}
