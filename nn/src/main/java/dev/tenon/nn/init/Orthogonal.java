package dev.tenon.nn.init;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensors;

/// Random orthogonal matrices: normal vectors made orthonormal by Gram and Schmidt, twice over, which is orthogonal to
/// rounding (Giraud et al., 2005). Normal vectors have no preferred direction, so the result is uniform.
final class Orthogonal {
    private Orthogonal() {}

    /// A `rows` x `columns` matrix, row by row.
    static double[] random(int rows, int columns, Generator g) {
        int count = Math.min(rows, columns);
        int length = Math.max(rows, columns);
        double[] v = Tensors.normal(Shape.of(count, length), 0, 1, DType.F64, Device.getDefault(), g).toDoubleArray();
        for (int i = 0; i < count; i++) {
            for (int pass = 0; pass < 2; pass++) {
                for (int j = 0; j < i; j++) {
                    subtract(v, i, j, length);
                }
            }
            scale(v, i, length);
        }
        if (rows <= columns) {
            return v;
        }
        double[] transposed = new double[v.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                transposed[r * columns + c] = v[c * length + r];
            }
        }
        return transposed;
    }

    private static void subtract(double[] v, int from, int other, int length) {
        double dot = 0;
        for (int k = 0; k < length; k++) {
            dot += v[from * length + k] * v[other * length + k];
        }
        for (int k = 0; k < length; k++) {
            v[from * length + k] -= dot * v[other * length + k];
        }
    }

    private static void scale(double[] v, int row, int length) {
        double sum = 0;
        for (int k = 0; k < length; k++) {
            sum += v[row * length + k] * v[row * length + k];
        }
        double norm = Math.sqrt(sum);
        for (int k = 0; k < length; k++) {
            v[row * length + k] /= norm;
        }
    }
}
