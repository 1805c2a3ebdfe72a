package dev.tenon.tensor;

import static dev.tenon.tensor.Doubles.check;
import static dev.tenon.tensor.Doubles.fails;
import static dev.tenon.tensor.Doubles.integers;
import static dev.tenon.tensor.Doubles.longs;
import static dev.tenon.tensor.Doubles.near;
import static dev.tenon.tensor.Doubles.uniform;
import static dev.tenon.tensor.Doubles.values;
import static dev.tenon.tensor.Doubles.vector;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.Arrays;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Arithmetic, trigonometric and special functions against double arithmetic and, where they have gradients, against
/// finite differences in first and second order.
class ElementwiseFunctionsTest {
    private static final double NAN = Double.NaN;
    private static final double INF = Double.POSITIVE_INFINITY;

    /// ∫ e^(-t²/2) dt / √(2π) from minus infinity, by Simpson's rule from 0.
    private static double normal(double x) {
        int n = 2000;
        double h = x / n;
        double sum = 0;
        for (int i = 0; i <= n; i++) {
            double t = i * h;
            sum += Math.exp(-t * t / 2) * (i == 0 || i == n ? 1 : i % 2 == 1 ? 4 : 2);
        }
        return 0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI);
    }

    /// Stirling's series, far enough out.
    private static double logGamma(double x) {
        double shift = 0;
        double z = x;
        for (; z < 30; z++) {
            shift += Math.log(z);
        }
        return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * z) - 1 / (360 * z * z * z)
                + 1 / (1260 * Math.pow(z, 5)) - shift;
    }

    private static double trigamma(double x) {
        double sum = 0;
        double z = x;
        for (; z < 50; z++) {
            sum += 1 / (z * z);
        }
        return sum + 1 / z + 1 / (2 * z * z) + 1 / (6 * z * z * z) - 1 / (30 * Math.pow(z, 5));
    }

    private static DynamicTest unary(
            String name, UnaryOperator<Tensor> op, DoubleUnaryOperator math, double low, double high) {
        return DynamicTest.dynamicTest(name, () -> {
            Tensor x = uniform(7, low, high, 3, 5);
            near(x.shape(), Arrays.stream(x.toDoubleArray()).map(math).toArray(), op.apply(x));
            if (!name.equals("trigamma")) {
                check(in -> op.apply(in.getFirst()), uniform(8, low, high, 4));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> ofOneOperand() {
        return Stream.of(
                unary("sin", Tensor::sin, Math::sin, -4, 4),
                unary("cos", Tensor::cos, Math::cos, -4, 4),
                unary("tan", Tensor::tan, Math::tan, -1, 1),
                unary("asin", Tensor::asin, Math::asin, -0.9, 0.9),
                unary("acos", Tensor::acos, Math::acos, -0.9, 0.9),
                unary("atan", Tensor::atan, Math::atan, -4, 4),
                unary("sinh", Tensor::sinh, Math::sinh, -3, 3),
                unary("cosh", Tensor::cosh, Math::cosh, -3, 3),
                unary("tanh", Tensor::tanh, Math::tanh, -3, 3),
                unary("asinh", Tensor::asinh, x -> Math.log(x + Math.sqrt(x * x + 1)), -3, 3),
                unary("acosh", Tensor::acosh, x -> Math.log(x + Math.sqrt(x * x - 1)), 1.2, 4),
                unary("atanh", Tensor::atanh, x -> Math.log((1 + x) / (1 - x)) / 2, -0.9, 0.9),
                unary("rpow", t -> t.rpow(2.5), x -> Math.pow(2.5, x), -3, 3),
                unary("frac", Tensor::frac, x -> x - 3, 3.1, 3.9),
                unary("deg2rad", Tensor::deg2rad, Math::toRadians, -90, 90),
                unary("rad2deg", Tensor::rad2deg, Math::toDegrees, -2, 2),
                unary("exp2", Tensor::exp2, x -> Math.pow(2, x), -3, 3),
                unary("sinc", Tensor::sinc, x -> Math.sin(Math.PI * x) / (Math.PI * x), 0.2, 2),
                unary("logit", Tensor::logit, x -> Math.log(x / (1 - x)), 0.1, 0.9),
                unary("logit with eps", t -> t.logit(0.05), x -> Math.log(x / (1 - x)), 0.1, 0.9),
                unary("entr", Tensor::entr, x -> -x * Math.log(x), 0.1, 3),
                unary("ndtr", Tensor::ndtr, ElementwiseFunctionsTest::normal, -3, 3),
                unary("ndtri of ndtr", t -> t.ndtr().ndtri(), x -> x, -2, 2),
                unary("logNdtr", Tensor::logNdtr, x -> Math.log(normal(x)), -3, 3),
                unary("erfcx", Tensor::erfcx, x -> Math.exp(x * x) * 2 * (1 - normal(x * Math.sqrt(2))), -1, 1.5),
                unary("trigamma", Tensor::trigamma, ElementwiseFunctionsTest::trigamma, 0.3, 5),
                unary("mvlgamma", t -> t.mvlgamma(3), x -> 1.5 * Math.log(Math.PI) + logGamma(x)
                        + logGamma(x - 0.5) + logGamma(x - 1), 1.5, 6));
    }

    private static DynamicTest binary(
            String name, BinaryOperator<Tensor> op, DoubleBinaryOperator math, double low, double high) {
        return DynamicTest.dynamicTest(name, () -> {
            Tensor x = uniform(9, low, high, 2, 3);
            Tensor y = uniform(10, low, high, 3);
            double[] a = x.toDoubleArray();
            double[] b = y.toDoubleArray();
            double[] expected = new double[6];
            Arrays.setAll(expected, i -> math.applyAsDouble(a[i], b[i % 3]));
            near(x.shape(), expected, op.apply(x, y));
            check(in -> op.apply(in.get(0), in.get(1)), x, y);
        });
    }

    @TestFactory
    Stream<DynamicTest> ofTwoOperands() {
        return Stream.of(
                binary("add", (x, y) -> x.add(y, 2.5), (x, y) -> x + 2.5 * y, -2, 2),
                binary("sub", (x, y) -> x.sub(y, 2.5), (x, y) -> x - 2.5 * y, -2, 2),
                binary("rsub", (x, y) -> x.rsub(y, 2.5), (x, y) -> y - 2.5 * x, -2, 2),
                binary("addcmul", (x, y) -> x.addcmul(y, y, 3), (x, y) -> x + 3 * y * y, -2, 2),
                binary("addcdiv", (x, y) -> y.addcdiv(x, y, 3), (x, y) -> y + 3 * x / y, 1, 2),
                binary("lerp", (x, y) -> x.lerp(y, 0.3), (x, y) -> x + 0.3 * (y - x), -2, 2),
                binary("fmax", Tensor::fmax, Math::max, -2, 2),
                binary("fmin", Tensor::fmin, Math::min, -2, 2),
                binary("clampMin", Tensor::clampMin, Math::max, -2, 2),
                binary("clampMax", Tensor::clampMax, Math::min, -2, 2),
                binary("atan2", Tensor::atan2, Math::atan2, -2, 2),
                binary("hypot", Tensor::hypot, Math::hypot, -2, 2),
                binary("ldexp", Tensor::ldexp, (x, y) -> x * Math.pow(2, y), -2, 2),
                binary("floatPower", Tensor::floatPower, Math::pow, 0.5, 2),
                binary("logaddexp", Tensor::logaddexp, (x, y) -> Math.log(Math.exp(x) + Math.exp(y)), -2, 2),
                binary("logaddexp2", Tensor::logaddexp2,
                        (x, y) -> Math.log(Math.pow(2, x) + Math.pow(2, y)) / Math.log(2), -2, 2),
                binary("xlogy", Tensor::xlogy, (x, y) -> x * Math.log(y), 0.5, 2),
                binary("xlog1py", Tensor::xlog1py, (x, y) -> x * Math.log(1 + y), 0.5, 2));
    }

    @Test
    void whereFunctionsMeetTheirLimits() {
        values(vector(0, NAN, INF).fmax(vector(NAN, 1, NAN)), 0, 1, INF);
        values(vector(0, NAN, INF).fmin(vector(NAN, 1, NAN)), 0, 1, INF);
        values(vector(0, 0, 0).xlogy(vector(0, INF, NAN)), 0, 0, NAN);
        values(vector(0, 0).xlog1py(vector(-1, NAN)), 0, NAN);
        values(vector(0, -1, NAN).entr(), 0, -INF, NAN);
        values(vector(0, 1, 2).logit(), -INF, INF, NAN);
        values(vector(0).sinc(), 1);
        values(vector(-INF, 1000, 0).logaddexp(vector(-INF, 1000, -INF)), -INF, 1000 + Math.log(2), 0);
        values(vector(3e200, -INF).hypot(vector(4e200, NAN)), 5e200, INF);
        values(vector(NAN, INF, -INF, 1).nanToNum(), 0, Double.MAX_VALUE, -Double.MAX_VALUE, 1);
        values(vector(NAN, INF, -INF, 1).nanToNum(7, 8.0, -9.0), 7, 8, -9, 1);
        values(vector(-2, 0, 3).heaviside(vector(0.5, 0.5, 0.5)), 0, 0.5, 1);
        values(vector(1, 1).nextafter(vector(2, 0)), Math.nextUp(1.0), Math.nextDown(1.0));
        values(vector(1.25, -2.35, 12.5).round(1), 1.2, -2.4, 12.5);
        values(vector(15, 25, 149).round(-1), 20, 20, 150);
        values(vector(0.5, 5, -5).clamp(vector(0, 0, 0), vector(1, 1, 1)), 0.5, 1, 0);
        values(vector(0.5).clamp(vector(2), vector(1)), 1);
        longs(vector(INF, -INF, NAN, 0).isPosInf(), 1, 0, 0, 0);
        longs(vector(INF, -INF, NAN, 0).isNegInf(), 0, 1, 0, 0);
        longs(vector(1, 1, NAN, INF).isClose(vector(1.01, 1.2, NAN, INF), 0, 0.1, true), 1, 0, 1, 1);
        longs(vector(NAN).isClose(vector(NAN), 0, 0.1, false), 0);
        assertTrue(vector(1, 2).allClose(vector(1, 2 + 1e-9), 0, 1e-8, false));
        assertTrue(vector(1, 2).equal(vector(1, 2)));
        assertFalse(vector(1, NAN).equal(vector(1, NAN)));
        assertFalse(vector(1).equal(vector(1, 1)));
    }

    @Test
    void ofIntegers() {
        longs(integers(12, -12, 0, 7).gcd(integers(18, 18, 5, 0)), 6, 6, 5, 7);
        longs(integers(4, -6, 0).lcm(integers(6, 4, 5)), 12, 12, 0);
        longs(integers(1, -1, 5).bitwiseLeftShift(integers(3, 1, 0)), 8, -2, 5);
        longs(integers(8, -8, 5).bitwiseRightShift(integers(2, 1, 0)), 2, -4, 5);
        longs(integers(0, 1, 5).rpow(2L), 1, 2, 32);
        longs(integers(5, 7).add(integers(1, 2), 3), 8, 13);
    }

    @Test
    void errorsSayWhatWasExpected() {
        Tensor truth = Tensors.of(true, false);
        fails(() -> truth.bitwiseLeftShift(truth), "bitwise_left_shift", "bool", "to(DType)");
        fails(() -> vector(1).gcd(vector(1)), "gcd", "f64", "integers");
        fails(() -> vector(1).clamp((Tensor) null, (Tensor) null), "clamp", "limit");
        fails(() -> vector(1).mvlgamma(0), "mvlgamma", "at least 1");
        fails(() -> truth.positive(), "positive", "bool");
        fails(() -> vector(1).isClose(vector(1), -1, 0, false), "isclose", "negative");
        fails(() -> vector(1, 2).atan2(vector(1, 2, 3)), "atan2", "[2]", "[3]");
        fails(() -> vector(1).requiresGrad(true).nextafter(vector(2)), "nextafter", "no gradient");
        assertTrue(integers(1).sin().dtype() == DType.F32);
    }
}
