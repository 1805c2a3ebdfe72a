package dev.tenon.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.autograd.Gradients;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.function.Executable;

/// `F64` tensors of the tests, and comparisons of them.
public final class Doubles {
    private Doubles() {}

    /// Row-major values.
    public static Tensor of(Shape shape, double... values) {
        return Tensors.of(values, shape, Device.getDefault());
    }

    /// A vector.
    public static Tensor vector(double... values) {
        return of(Shape.of(values.length), values);
    }

    /// Row-major integers.
    public static Tensor integers(Shape shape, long... values) {
        return Tensors.of(values, shape, Device.getDefault());
    }

    /// A vector of integers.
    public static Tensor integers(long... values) {
        return integers(Shape.of(values.length), values);
    }

    /// 0, 1, 2, ...
    public static Tensor ramp(long... dims) {
        Shape s = Shape.of(dims);
        return Tensors.arange(0, s.elements(), 1, DType.F64, Device.getDefault()).reshape(s);
    }

    /// Random numbers in [low, high).
    public static Tensor uniform(long seed, double low, double high, long... dims) {
        return Tensors.uniform(Shape.of(dims), low, high, DType.F64, Device.getDefault(), new Generator(seed));
    }

    /// Random numbers in [-2, 2).
    public static Tensor random(long seed, long... dims) {
        return uniform(seed, -2, 2, dims);
    }

    /// Row-major values within 1e-9 of their magnitude, and the shape.
    public static void near(Shape shape, double[] expected, Tensor actual) {
        assertEquals(shape, actual.shape());
        double[] a = actual.toDoubleArray();
        assertEquals(expected.length, a.length);
        for (int i = 0; i < a.length; i++) {
            double magnitude = Double.isFinite(expected[i]) ? Math.max(1, Math.abs(expected[i])) : 1;
            assertEquals(expected[i], a[i], 1e-9 * magnitude, "element " + i);
        }
    }

    /// As [#near(Shape, double\[\], Tensor)] with any shape.
    public static void values(Tensor actual, double... expected) {
        near(actual.shape(), expected, actual);
    }

    /// Equal shapes, and values within 1e-9.
    public static void same(Tensor expected, Tensor actual) {
        near(expected.shape(), expected.toDoubleArray(), actual);
    }

    /// Equal integers or truth values.
    public static void longs(Tensor actual, long... expected) {
        assertArrayEquals(expected, actual.to(DType.I64).toLongArray());
    }

    /// First and second derivatives against finite differences.
    public static void check(Function<List<Tensor>, Tensor> fn, Tensor... inputs) {
        Gradients.gradCheck(fn, inputs);
        Gradients.gradGradCheck(fn, inputs);
    }

    /// A TensorException whose message has the parts.
    public static void fails(Executable e, String... parts) {
        String message = String.valueOf(assertThrows(TensorException.class, e).getMessage());
        for (String p : parts) {
            assertTrue(message.contains(p), () -> "expected \"" + p + "\" in: " + message);
        }
    }
}
