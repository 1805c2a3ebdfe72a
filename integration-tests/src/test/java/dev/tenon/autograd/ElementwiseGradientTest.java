package dev.tenon.autograd;

import static dev.tenon.autograd.Samples.DEVICE;
import static dev.tenon.autograd.Samples.assertFails;
import static dev.tenon.autograd.Samples.assertGrad;
import static dev.tenon.autograd.Samples.assertValues;
import static dev.tenon.autograd.Samples.check;
import static dev.tenon.autograd.Samples.leaf;
import static dev.tenon.autograd.Samples.of;
import static dev.tenon.autograd.Samples.random;
import static dev.tenon.autograd.Samples.uniform;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.UnaryFn;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Symbolic derivatives of elementwise expressions.
class ElementwiseGradientTest {
    private static Tensor unary(UnaryFn fn, Tensor x) {
        return Dispatcher.run(MapOp.of(fn.name(), Lambda.of(Exprs.unary(fn, Exprs.in(0, x.dtype())), x.dtype())), x);
    }

    private static Tensor binary(BinaryFn fn, Tensor a, Tensor b) {
        Expr e = Exprs.binary(fn, Exprs.in(0, a.dtype()), Exprs.in(1, b.dtype()));
        return Dispatcher.run(MapOp.of(fn.name(), Lambda.of(e, a.dtype())), a, b);
    }

    @ParameterizedTest
    @EnumSource(value = UnaryFn.class, mode = EnumSource.Mode.EXCLUDE, names = {"NOT", "BIT_NOT", "IS_NAN", "TRIGAMMA"})
    void everyFunctionOfOneValue(UnaryFn fn) {
        Tensor x = switch (fn) {
            case SQRT, RSQRT, RECIPROCAL, LOG, LOG2, LOG10, LGAMMA, DIGAMMA -> uniform(1, 0.4, 3, 7);
            case ASIN, ACOS, ATANH, ERFINV, LOG1P -> uniform(2, -0.8, 0.8, 7);
            case ACOSH -> uniform(3, 1.3, 3, 7);
            case TAN -> uniform(4, -1.2, 1.2, 7);
            default -> of(-1.7, -0.9, -0.3, 0.2, 0.7, 1.4, 2.3);
        };
        Gradients.gradCheck(in -> unary(fn, in.getFirst()), x);
        if (fn != UnaryFn.DIGAMMA) {
            Gradients.gradGradCheck(in -> unary(fn, in.getFirst()), x);
        }
    }

    @ParameterizedTest
    @EnumSource(value = BinaryFn.class, mode = EnumSource.Mode.INCLUDE,
            names = {"ADD", "SUB", "MUL", "DIV", "FLOOR_DIV", "MOD", "REM", "POW", "MAX", "MIN", "ATAN2", "COPYSIGN"})
    void everyFunctionOfTwoValues(BinaryFn fn) {
        Tensor a = fn == BinaryFn.POW ? uniform(1, 0.3, 2, 3, 1) : of(Shape.of(3, 1), -1.7, 0.4, 2.3);
        check(in -> binary(fn, in.get(0), in.get(1)), a, of(-0.9, 0.55, 1.9));
    }

    @Test
    void everyActivationAndItsSecondDerivative() {
        Tensor x = of(-4.1, -2.2, -0.7, -0.2, 0.3, 0.9, 2.1, 5.3, 6.7);
        List<UnaryOperator<Tensor>> all = List.of(Tensor::relu, Tensor::relu6, t -> t.leakyRelu(0.1), t -> t.elu(1.3),
                Tensor::selu, Tensor::gelu, Tensor::geluTanh, Tensor::silu, Tensor::mish, Tensor::sigmoid,
                Tensor::logSigmoid, Tensor::softplus, Tensor::softsign, Tensor::hardsigmoid, Tensor::hardswish,
                Tensor::hardtanh, t -> t.pow(3.0), t -> t.square(), t -> t.clamp(-1, 1), t -> t.rsub(2),
                t -> t.rdiv(2));
        for (UnaryOperator<Tensor> f : all) {
            check(in -> f.apply(in.getFirst()), x);
        }
        check(in -> in.get(0).lerp(in.get(1), in.get(2)), random(1, 4), random(2, 4), random(3));
        check(in -> in.get(0).hypot(in.get(1)), random(4, 4), random(5, 4));
        check(in -> in.get(0).where(of(1, 0, 1), in.get(1)), random(6, 3), random(7, 2, 3));
    }

    @Test
    void powerAtZero() {
        Tensor a = leaf(0, 0, 0, 2);
        Tensor b = leaf(0, 2, 1, 0);
        a.pow(b).sum().backward();
        assertGrad(a, 0, 0, 1, 0);
        assertGrad(b, 0, 0, 0, Math.log(2));
        Tensor c = leaf(0, 3);
        c.pow(0.0).sum().backward();
        assertGrad(c, 0, 0);
    }

    @Test
    void pointsWithoutADerivative() {
        Tensor x = leaf(0, 1, -1);
        x.abs().sum().backward();
        assertGrad(x, 0, 1, -1);
        Tensor r = leaf(0, Double.NaN, 2);
        r.relu().sum().backward();
        assertGrad(r, 0, 1, 1);
        Tensor s = leaf(1.5, -0.2);
        s.floor().add(s.sign()).sum().backward();
        assertGrad(s, 0, 0);
        Tensor c = leaf(-1, 0.5, 1, 2);
        c.clamp(-1, 1).sum().backward();
        assertGrad(c, 1, 1, 1, 0);
    }

    @Test
    void equalValuesShareTheGradientOfTheLarger() {
        Tensor a = leaf(1, 2, 3);
        Tensor b = leaf(1, 3, 2);
        a.maximum(b).sum().backward();
        assertGrad(a, 0.5, 0, 1);
        assertGrad(b, 0.5, 1, 0);
    }

    @Test
    void theBranchNotTakenHasNoInfluence() {
        // select(x > 0, sqrt(x), 0) in one expression: the root's slope at 0 is infinite.
        Expr x = Exprs.in(0, DType.F64);
        Expr e = Exprs.select(Exprs.binary(BinaryFn.GT, x, Exprs.like(x, 0)), Exprs.unary(UnaryFn.SQRT, x),
                Exprs.like(x, 0));
        Tensor t = leaf(0, -1, 4);
        Dispatcher.run(MapOp.of("root", Lambda.of(e, DType.F64)), t).sum().backward();
        assertGrad(t, 0, 0, 0.25);
    }

    @Test
    void broadcastOperandsGetSums() {
        Tensor a = of(Shape.of(2, 3), 1, 2, 3, 4, 5, 6).requiresGrad(true);
        Tensor row = leaf(1, 2, 3);
        Tensor column = of(Shape.of(2, 1), 10, 20).requiresGrad(true);
        Tensor one = Samples.scalar(2).requiresGrad(true);
        a.mul(row).add(column).mul(one).sum().backward();
        assertGrad(a, 2, 4, 6, 2, 4, 6);
        assertGrad(row, 10, 14, 18);
        assertGrad(column, 6, 6);
        assertGrad(one, 1 + 4 + 9 + 4 + 10 + 18 + 90);
        assertEquals(Shape.of(2, 1), column.grad().shape());
        assertEquals(Shape.SCALAR, one.grad().shape());
        Tensor empty = Tensors.zeros(Shape.of(0, 3), DType.F64, DEVICE);
        Tensor w = leaf(1, 2, 3);
        empty.mul(w).sum().backward();
        assertGrad(w, 0, 0, 0);
    }

    @Test
    void gradientsHaveTheDtypeOfTheirTensor() {
        Tensor half = of(1, 2, 3).to(DType.F16).requiresGrad(true);
        Tensor single = of(4, 5, 6).to(DType.F32).requiresGrad(true);
        Tensor doubles = leaf(7, 8, 9);
        Tensor ints = Samples.indices(Shape.of(3), 1, 2, 3);
        half.mul(single).mul(doubles).mul(ints).sum().backward();
        assertEquals(DType.F16, half.grad().dtype());
        assertEquals(DType.F32, single.grad().dtype());
        assertEquals(DType.F64, doubles.grad().dtype());
        assertGrad(half, 28, 80, 162);
        assertGrad(single, 7, 32, 81);
        assertGrad(doubles, 4, 20, 54);
    }

    @Test
    void comparisonsCutTheGraphAndSayWhyTheyCannotLeadBack() {
        Tensor x = leaf(1, 2);
        Tensor c = x.gt(1.5);
        assertFalse(c.requiresGrad());
        assertFails(TensorException.class, () -> c.any().backward(), "requires no gradient");
        assertFails(TensorException.class, () -> x.to(DType.I64).requiresGrad(true), "no gradient");
        assertFalse(x.to(DType.I64).requiresGrad());
    }

    @Test
    void whatHasNoGradientThrowsInTheForwardPass() {
        Tensor x = leaf(1, 2);
        assertFails(TensorException.class, () -> unary(UnaryFn.TRIGAMMA, x), "TRIGAMMA", "no gradient");
        assertFails(TensorException.class, () -> binary(BinaryFn.NEXTAFTER, x, x.detach()), "NEXTAFTER");
        assertNotNull(unary(UnaryFn.TRIGAMMA, x.detach()));
    }

    @Test
    void severalOutputsAddUpAndMissingOnesCountAsZero() {
        Expr a = Exprs.in(0, DType.F64);
        Expr b = Exprs.in(1, DType.F64);
        Lambda body = Lambda.of(List.of(Exprs.mul(a, b), Exprs.add(a, Exprs.mul(b, 3)),
                Exprs.binary(BinaryFn.LT, a, b)), List.of(DType.F64, DType.F64, DType.BOOL));
        Tensor x = leaf(2, 3);
        Tensor y = leaf(5, 7);
        List<Tensor> out = Dispatcher.apply(MapOp.of("both", body), List.of(x, y));
        assertFalse(out.get(2).requiresGrad());
        out.get(0).add(out.get(1).mul(10)).sum().backward(null, true, false);
        assertGrad(x, 15, 17);
        assertGrad(y, 32, 33);
        x.setGrad(null);
        out.get(1).sum().backward();
        assertGrad(x, 1, 1);
    }

    @Test
    void parametersAndPositionsCarryOver() {
        Expr x = Exprs.in(0, DType.F64);
        Expr at = Exprs.cast(DType.F64, new Expr.Index(0));
        Expr e = Exprs.mul(Exprs.mul(x, x), Exprs.mul(at, new Expr.Param(Kind.F64, 0)));
        Tensor t = leaf(1, 2, 3);
        Dispatcher.run(MapOp.of("weighted", Lambda.of(e, DType.F64), Scalars.of(10)), t).sum().backward();
        assertGrad(t, 0, 40, 120);
    }

    @Test
    void onlyWhatTheDerivativeReadsIsSaved() {
        long before = DEVICE.memory().used();
        Tensor x = uniform(1, 0, 1, 1000).requiresGrad(true);
        Tensor a = x.add(1.0);
        Tensor b = a.relu();
        Tensor c = b.sigmoid();
        a.close();
        b.close();
        long after = DEVICE.memory().used();
        // x, b (saved as relu's result) and c; the sum is not saved by anyone.
        long block = after - before;
        assertEquals(3, Math.round(block / 8000.0), "bytes " + block);
        c.sum().backward();
        assertNotNull(x.grad());
        c.close();
        x.setGrad(null);
        x.close();
    }

    @Test
    void inPlaceOpsWhoseDerivativeReadsTheResult() {
        Tensor x = leaf(-1, 2);
        Tensor y = x.mul(1.0);
        y.relu_();
        y.mul(3.0).sum().backward();
        assertGrad(x, 0, 3);
        Tensor e = x.mul(2.0);
        e.exp_();
        e.sum().backward();
        assertGrad(x, 2 * Math.exp(-2), 3 + 2 * Math.exp(4));
        Tensor z = x.mul(1.0);
        assertFails(TensorException.class, () -> z.log_(), "overwritten");
        assertValues(z, -1, 2);
    }
}
