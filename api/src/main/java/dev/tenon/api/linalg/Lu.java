package dev.tenon.api.linalg;

import dev.tenon.api.Tensor;

/// Gaussian elimination with partial pivoting of one matrix on the host.
final class Lu {
    final double[] a;
    final int[] rows;
    final int n;
    int sign = 1;
    boolean singular;

    /// Factorises the matrix at an offset of row-major values.
    Lu(double[] values, int offset, int n) {
        this.n = n;
        this.a = new double[n * n];
        this.rows = new int[n];
        System.arraycopy(values, offset, a, 0, n * n);
        for (int i = 0; i < n; i++) {
            rows[i] = i;
        }
        for (int j = 0; j < n; j++) {
            int p = j;
            for (int i = j + 1; i < n; i++) {
                p = Math.abs(a[i * n + j]) > Math.abs(a[p * n + j]) ? i : p;
            }
            if (p != j) {
                swap(p, j);
            }
            double pivot = a[j * n + j];
            if (pivot == 0) {
                singular = true;
                continue;
            }
            for (int i = j + 1; i < n; i++) {
                double f = a[i * n + j] / pivot;
                a[i * n + j] = f;
                for (int k = j + 1; k < n; k++) {
                    a[i * n + k] -= f * a[j * n + k];
                }
            }
        }
    }

    static long count(Tensor x) {
        return x.shape().slice(0, x.rank() - 2).elements();
    }

    private void swap(int p, int j) {
        for (int k = 0; k < n; k++) {
            double t = a[p * n + k];
            a[p * n + k] = a[j * n + k];
            a[j * n + k] = t;
        }
        int r = rows[p];
        rows[p] = rows[j];
        rows[j] = r;
        sign = -sign;
    }

    double determinant() {
        double d = sign;
        for (int i = 0; i < n; i++) {
            d *= a[i * n + i];
        }
        return d;
    }

    /// The sign of the determinant, and the logarithm of its magnitude.
    double[] logDeterminant() {
        double s = sign;
        double log = 0;
        for (int i = 0; i < n; i++) {
            s *= Math.signum(a[i * n + i]);
            log += Math.log(Math.abs(a[i * n + i]));
        }
        return new double[] {s, log};
    }

    /// Solves for `k` columns at an offset of row-major values, in place.
    void solve(double[] b, int offset, int k) {
        double[] x = new double[n * k];
        for (int i = 0; i < n; i++) {
            System.arraycopy(b, offset + rows[i] * k, x, i * k, k);
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                subtract(x, i, j, k);
            }
        }
        for (int i = n - 1; i >= 0; i--) {
            for (int j = i + 1; j < n; j++) {
                subtract(x, i, j, k);
            }
            for (int c = 0; c < k; c++) {
                x[i * k + c] /= a[i * n + i];
            }
        }
        System.arraycopy(x, 0, b, offset, n * k);
    }

    private void subtract(double[] x, int i, int j, int k) {
        double f = a[i * n + j];
        for (int c = 0; c < k; c++) {
            x[i * k + c] -= f * x[j * k + c];
        }
    }
}
