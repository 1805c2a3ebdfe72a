package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;

/// Comparisons and tensors for the tests of networks.
final class Near {
    private Near() {}

    static void assertNear(double expected, Tensor actual) {
        assertNear(new double[] {expected}, actual);
    }

    /// Row-major values, within 1e-5 of their magnitude.
    static void assertNear(double[] expected, Tensor actual) {
        double[] a = actual.toDoubleArray();
        assertEquals(expected.length, a.length, () -> "elements of " + actual.shape());
        for (int i = 0; i < a.length; i++) {
            assertEquals(expected[i], a[i], 1e-5 * Math.max(1, Math.abs(expected[i])), "element " + i);
        }
    }

    static void assertShape(Tensor actual, long... dims) {
        assertArrayEquals(dims, actual.shape().toArray());
    }

    /// Row-major `F32` values.
    static Tensor tensor(long[] dims, double... values) {
        return Tensors.of(values, Shape.of(dims), Device.getDefault()).to(DType.F32);
    }

    static long[] dims(long... d) {
        return d;
    }

    /// 0, 1, 2, ... times a step, as `F32`.
    static Tensor ramp(double step, long... dims) {
        Shape s = Shape.of(dims);
        return Tensors.arange(0, s.elements(), 1, DType.F32, Device.getDefault()).mul(step).reshape(s);
    }
}
