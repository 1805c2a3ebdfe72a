package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Assumptions;

/// Runs the same program on the reference device and on an OpenCL device and compares what comes out.
final class Twins {
    static final List<DType> FLOATING = List.of(DType.F64, DType.F32, DType.F16, DType.BF16);

    private Twins() {}

    /// Whether there is an OpenCL device.
    static boolean hasOpenCl() {
        return Device.all().stream().anyMatch(d -> d.type().equals("opencl"));
    }

    /// Skips the test, saying why, where there is no OpenCL device.
    static void requireOpenCl() {
        String why = "";
        try {
            Device.of("opencl");
        } catch (BackendException e) {
            why = e.getMessage();
        }
        Assumptions.assumeTrue(why.isEmpty(), why);
    }

    /// Numbers that are awkward, then numbers from -4 to 4, the same for the same seed.
    static Tensor data(Device device, DType dtype, long seed, long... dims) {
        Shape shape = Shape.of(dims);
        Random random = new Random(seed);
        double[] v = new double[(int) shape.elements()];
        double[] awkward = {0, -0.0, 1, -1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY,
            2, -2.5, 100};
        for (int i = 0; i < v.length; i++) {
            boolean special = dtype.isFloating() && seed < 0 && random.nextInt(4) == 0;
            v[i] = special ? awkward[random.nextInt(awkward.length)] : random.nextDouble() * 8 - 4;
            if (!dtype.isFloating()) {
                v[i] = dtype == DType.BOOL ? random.nextInt(2) : random.nextInt(-100, 100);
            }
        }
        return Tensors.of(v, shape, Device.of("reference")).to(dtype).to(device);
    }

    /// Compares what the program gives on both devices.
    ///
    /// @param relative the tolerance of floating-point results, relative to the larger of 1 and the expected value
    static void compare(String what, double relative, Function<Device, List<Tensor>> program) {
        try (Scope _ = Scope.open()) {
            List<Tensor> expected = program.apply(Device.of("reference"));
            List<Tensor> actual = program.apply(Device.of("opencl"));
            assertEquals(expected.size(), actual.size(), what);
            for (int o = 0; o < expected.size(); o++) {
                compare(what + " output " + o, relative, expected.get(o), actual.get(o));
            }
        }
    }

    private static void compare(String what, double relative, Tensor expected, Tensor actual) {
        assertEquals(expected.dtype(), actual.dtype(), what);
        assertEquals(expected.shape(), actual.shape(), what);
        DType dtype = expected.dtype();
        if (!dtype.isFloating()) {
            long[] e = expected.toLongArray();
            long[] a = actual.toLongArray();
            for (int i = 0; i < e.length; i++) {
                if (e[i] != a[i]) {
                    fail(what + " " + actual.type() + ": element " + i + " is " + a[i] + ", expected " + e[i]);
                }
            }
            return;
        }
        double[] e = expected.toDoubleArray();
        double[] a = actual.toDoubleArray();
        double unit = switch (dtype) {
            // Decompositions round between their steps, native kernels at the end.
            case F16 -> 0x1p-9;
            case BF16 -> 0x1p-6;
            default -> 0;
        };
        for (int i = 0; i < e.length; i++) {
            boolean same = Double.compare(e[i], a[i]) == 0 || e[i] == a[i];
            double error = Math.abs(e[i] - a[i]) / Math.max(1, Math.abs(e[i]));
            if (!same && !(error <= Math.max(relative, unit))) {
                fail(what + " " + actual.type() + ": element " + i + " is " + a[i] + ", expected " + e[i]
                        + ", error " + error);
            }
        }
    }
}
