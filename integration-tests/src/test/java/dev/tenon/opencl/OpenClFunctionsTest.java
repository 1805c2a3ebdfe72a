package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.UnaryFn;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Functions of floats of every size, and of the awkward ones, against the reference backend's in double precision.
class OpenClFunctionsTest {
    /// Units in the last place, as the suite allows.
    private static final double ALLOWED = 4;
    private static final float[] AWKWARD = {0, -0.0f, 1, -1, 2, -2, 3, -3, 0.5f, -0.5f, Float.NaN,
        Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_NORMAL,
        Math.nextUp(1f), Math.nextDown(1f), 0x1p23f, 0x1p24f, 0x1p24f + 2, 0x1p31f, -0x1p31f, 88.7f, -87.5f, 1e-20f,
        // Close to multiples of pi / 2.
        1.5707964f, 3.1415927f, 16367173f * 0x1p72f, 13086.1e5f};

    @BeforeAll
    static void device() {
        Twins.requireOpenCl();
    }

    /// Floats whose bits are spread evenly, then numbers from -20 to 20, then those above.
    private static float[] numbers(int seed) {
        int n = 8192;
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = i % 2 == 0 ? Float.intBitsToFloat((i + seed) * 524_287) : (i + seed * 0.37f) % n / n * 40 - 20;
        }
        System.arraycopy(AWKWARD, 0, x, n - AWKWARD.length, AWKWARD.length);
        return x;
    }

    private static void check(String what, float[] x, double[] expected, float[] actual) {
        for (int i = 0; i < actual.length; i++) {
            // Devices may take subnormal numbers for 0, and give 0 for them.
            if (Math.abs(expected[i]) < Float.MIN_NORMAL && Math.abs(actual[i]) <= Float.MIN_NORMAL
                    || Math.abs(x[i]) < Float.MIN_NORMAL) {
                continue;
            }
            float nearest = (float) expected[i];
            String at = what + "(" + x[i] + ")";
            if (!Float.isFinite(nearest) || !Float.isFinite(actual[i])) {
                boolean edge = Math.abs(expected[i]) > 0.9999999 * Float.MAX_VALUE
                        && Math.abs(actual[i]) > 0.9999999 * Float.MAX_VALUE
                        && Math.signum(actual[i]) == Math.signum(nearest);
                assertTrue(edge || Float.compare(nearest, actual[i]) == 0, () -> at + " = " + nearest);
                continue;
            }
            double error = Math.abs(expected[i] - actual[i]) / Math.ulp(nearest);
            assertTrue(error <= ALLOWED, () -> at + " is off by " + error + " units in the last place");
            if (nearest == 0) {
                assertEquals(Math.copySign(1f, nearest), Math.copySign(1f, actual[i]), () -> "sign of " + at);
            }
        }
    }

    private static Lambda all(List<Expr> values, DType dtype) {
        return Lambda.of(values, Collections.nCopies(values.size(), dtype));
    }

    @Test
    void unaryFunctions() {
        List<UnaryFn> functions = List.of(UnaryFn.EXP, UnaryFn.EXPM1, UnaryFn.LOG, UnaryFn.LOG2, UnaryFn.LOG10,
                UnaryFn.LOG1P, UnaryFn.SIN, UnaryFn.COS, UnaryFn.TAN, UnaryFn.ASIN, UnaryFn.ACOS, UnaryFn.ATAN,
                UnaryFn.SINH, UnaryFn.COSH, UnaryFn.TANH, UnaryFn.ERF, UnaryFn.SIGMOID, UnaryFn.SOFTPLUS);
        float[] x = numbers(1);
        try (Scope _ = Scope.open()) {
            MapOp single = MapOp.of("singles", all(functions.stream()
                    .map(f -> (Expr) new Expr.Unary(f, Exprs.in(0, DType.F32))).toList(), DType.F32));
            MapOp wide = MapOp.of("doubles", all(functions.stream()
                    .map(f -> (Expr) new Expr.Unary(f, Exprs.in(0, DType.F64))).toList(), DType.F64));
            Tensor t = Tensors.of(x);
            List<Tensor> actual = Dispatcher.apply(single, List.of(t.to(Device.of("opencl"))));
            List<Tensor> expected = Dispatcher.apply(wide, List.of(t.to(Device.of("reference")).to(DType.F64)));
            for (int i = 0; i < functions.size(); i++) {
                check(functions.get(i).name(), x, expected.get(i).toDoubleArray(), actual.get(i).toFloatArray());
            }
        }
    }

    @Test
    void powers() {
        float[] x = numbers(1);
        float[] y = numbers(4321);
        for (int i = 0; i < AWKWARD.length * AWKWARD.length; i++) {
            x[i] = AWKWARD[i / AWKWARD.length];
            y[i] = AWKWARD[i % AWKWARD.length];
        }
        try (Scope _ = Scope.open()) {
            Expr pow = new Expr.Binary(BinaryFn.POW, Exprs.in(0, DType.F32), Exprs.in(1, DType.F32));
            MapOp op = MapOp.of("powers", Lambda.of(pow, DType.F32));
            Device device = Device.of("opencl");
            float[] actual = Dispatcher.run(op, Tensors.of(x).to(device), Tensors.of(y).to(device)).toFloatArray();
            double[] expected = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                // As in C, unlike Java: powers of 1 are 1, whatever the exponent, and so are those of -1 to infinities.
                boolean one = x[i] == 1 || x[i] == -1 && Float.isInfinite(y[i]);
                expected[i] = one ? 1 : StrictMath.pow(x[i], y[i]);
            }
            check("pow", x, expected, actual);
        }
    }

    @Test
    void shapesThatEndWithinAVector() {
        Shape shape = Shape.of(3, 129);
        Twins.compare("erf", 1e-6, d -> List.of(Tensors.linspace(-4, 4, shape.elements(), DType.F32,
                Device.of("reference")).reshape(shape).to(d).erf()));
    }
}
