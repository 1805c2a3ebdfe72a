package dev.tenon.api.linalg;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.TensorType;
import java.util.function.Consumer;

/// What the factorisations have in common: batches of matrices on the host, row-major, in double precision.
final class Matrices {
    private Matrices() {}

    /// Checks for floating-point matrices, square if asked for, and gives the shape of the batch.
    static Shape check(String op, TensorType t, boolean square) {
        if (t.rank() < 2 || !t.dtype().isFloating() || square && t.shape().dim(-1) != t.shape().dim(-2)) {
            throw new TensorException(op + ": " + t + ": expected floating-point " + (square ? "square " : "")
                    + "matrices, [..., m, n]");
        }
        return t.shape().slice(0, t.rank() - 2);
    }

    /// Values as a tensor of a dtype.
    static Tensor tensor(double[] values, Shape shape, DType dtype, Device device) {
        Tensor t = Tensors.of(values, shape, device);
        return dtype == DType.F64 ? t : t.to(dtype);
    }

    /// Calls `body` with the offset of each matrix of `size` elements.
    static void each(long count, int size, Consumer<Integer> body) {
        for (int i = 0; i < count; i++) {
            body.accept(i * size);
        }
    }
}
