package dev.tenon.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;

/// What the tests of gradients share.
final class Samples {
    static final Device DEVICE = Device.of("reference:0");

    private Samples() {}

    static Tensor of(double... values) {
        return Tensors.of(values, Shape.of(values.length), DEVICE);
    }

    static Tensor of(Shape shape, double... values) {
        return Tensors.of(values, shape, DEVICE);
    }

    static Tensor scalar(double v) {
        return Tensors.of(new double[] {v}, Shape.SCALAR, DEVICE);
    }

    static Tensor indices(Shape shape, long... values) {
        return Tensors.of(values, shape, DEVICE);
    }

    static Tensor leaf(double... values) {
        return of(values).requiresGrad(true);
    }

    /// Random doubles in [low, high).
    static Tensor uniform(long seed, double low, double high, long... dims) {
        return Tensors.uniform(Shape.of(dims), low, high, DType.F64, DEVICE, new Generator(seed));
    }

    static Tensor random(long seed, long... dims) {
        return uniform(seed, -2, 2, dims);
    }

    static void assertGrad(Tensor t, double... expected) {
        Tensor g = t.grad();
        assertNotNull(g, "no gradient");
        assertValues(g, expected);
    }

    static void assertValues(@Nullable Tensor t, double... expected) {
        assertNotNull(t, "no tensor");
        assertArrayEquals(expected, t.toDoubleArray(), 1e-9);
    }

    /// First and second derivatives against finite differences.
    static void check(Function<List<Tensor>, Tensor> fn, Tensor... inputs) {
        Gradients.gradCheck(fn, inputs);
        Gradients.gradGradCheck(fn, inputs);
    }

    static void assertFails(Class<? extends Throwable> type, Executable e, String... parts) {
        Throwable t = assertThrows(type, e);
        for (String p : parts) {
            assertTrue(String.valueOf(t.getMessage()).contains(p), () -> "expected \"" + p + "\" in: "
                    + t.getMessage());
        }
    }
}
