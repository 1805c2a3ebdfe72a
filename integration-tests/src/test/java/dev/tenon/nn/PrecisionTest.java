package dev.tenon.nn;

import static dev.tenon.nn.Near.assertNear;
import static dev.tenon.nn.Near.dims;
import static dev.tenon.nn.Near.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.autograd.Gradients;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.loss.MSELoss;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.SGD;
import dev.tenon.nn.precision.Autocast;
import dev.tenon.nn.precision.GradScaler;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PrecisionTest {
    private static Tensor random(long seed, long... dims) {
        return Tensors.randn(Shape.of(dims), DType.F32, Device.getDefault(), new Generator(seed));
    }

    @Test
    void productsRunInSixteenBitsAndSumsInThirtyTwo() {
        Tensor a = random(1, 3, 4);
        Tensor b = random(2, 4, 5);
        for (DType d : new DType[] {DType.BF16, DType.F16}) {
            Tensor expected = a.to(d).matmul(b.to(d));
            try (var _ = Autocast.enter(d)) {
                assertTrue(Autocast.isEnabled());
                Tensor y = a.matmul(b);
                assertEquals(d, y.dtype());
                assertArrayEquals(expected.toDoubleArray(), y.toDoubleArray());
                assertEquals(DType.F32, y.sum().dtype());
                assertEquals(DType.F32, y.mean(1).dtype());
                assertEquals(DType.F32, y.softmax(1).dtype());
                assertEquals(DType.F32, y.logSoftmax(1).dtype());
                assertEquals(DType.F32, y.cumsum(0).dtype());
                assertEquals(d, y.relu().dtype());
                assertEquals(d, y.amax(new int[] {1}, false).dtype());
                assertEquals(DType.F64, a.to(DType.F64).matmul(b.to(DType.F64)).dtype());
                assertEquals(DType.F32, new MSELoss().call(y, y).dtype());
                assertEquals(DType.F32, Losses.mse(y, y, Reduction.NONE).dtype());
                assertEquals(d, new Linear(4, 5).call(a).dtype());
                assertEquals(d, new Conv2d(2, 3, 3).call(random(3, 1, 2, 5, 5)).dtype());
                try (var _ = Autocast.disabled()) {
                    assertEquals(DType.F32, a.matmul(b).dtype());
                }
            }
            assertFalse(Autocast.isEnabled());
            assertEquals(DType.F32, a.matmul(b).dtype());
        }
        assertThrows(IllegalArgumentException.class, () -> Autocast.enter(DType.F32));
    }

    @Test
    void sumsOfSixteenBitNumbersKeepThirtyTwo() {
        // In f16 the sum would be infinite, in bf16 256.
        Tensor big = Tensors.full(Shape.of(3), 60000, DType.F16, Device.getDefault());
        Tensor many = Tensors.ones(Shape.of(257), DType.BF16, Device.getDefault());
        assertTrue(Double.isInfinite(big.sum().item()));
        try (var _ = Autocast.enter(DType.F16)) {
            assertNear(3 * big.toDoubleArray()[0], big.sum());
            assertNear(257, many.sum());
        }
    }

    @Test
    void gradientsComeBackInThirtyTwoBitsWhereverTheBackwardPassRuns() {
        for (boolean inside : new boolean[] {false, true}) {
            Linear fc = new Linear(4, 3);
            Tensor x = random(4, 2, 4);
            Tensor y = Tensors.of(2L, 0L);
            ClassLosses.crossEntropy(fc.call(x), y).backward();
            double[] exact = grad(fc.weight()).toDoubleArray();
            fc.zeroGrad();
            Tensor loss;
            try (var _ = Autocast.enter(DType.BF16)) {
                loss = ClassLosses.crossEntropy(fc.call(x), y);
                assertEquals(DType.F32, loss.dtype());
            }
            try (var _ = inside ? Autocast.enter(DType.BF16) : Autocast.disabled()) {
                loss.backward();
            }
            assertEquals(DType.F32, grad(fc.weight()).dtype());
            assertEquals(DType.F32, grad(fc.bias()).dtype());
            double[] g = grad(fc.weight()).toDoubleArray();
            for (int i = 0; i < g.length; i++) {
                assertEquals(exact[i], g[i], 0.02 * Math.max(0.3, Math.abs(exact[i])));
            }
        }
    }

    @Test
    void thirtyTwoBitGradientsStayExactInABackwardPassUnderTheMode() {
        Tensor w = random(5, 3, 3).requiresGrad(true);
        Tensor x = random(6, 3, 3);
        x.matmul(w).sum().backward();
        double[] expected = grad(w).toDoubleArray();
        w.setGrad(null);
        Tensor loss = x.matmul(w).sum();
        try (var _ = Autocast.enter(DType.BF16)) {
            loss.backward();
        }
        assertArrayEquals(expected, grad(w).toDoubleArray());
    }

    @Test
    void checkpointsComputeAgainInTheSamePrecision() {
        Linear fc = new Linear(4, 3);
        Tensor x = random(4, 2, 4).requiresGrad(true);
        Tensor plain;
        Tensor checkpointed;
        try (var _ = Autocast.enter(DType.BF16)) {
            plain = fc.call(x).square().sum();
            checkpointed = Gradients.checkpoint(t -> fc.call(t).square(), x).sum();
        }
        plain.backward();
        double[] expected = grad(fc.weight()).toDoubleArray();
        fc.zeroGrad();
        checkpointed.backward();
        assertArrayEquals(expected, grad(fc.weight()).toDoubleArray());
    }

    @Test
    void theModeBelongsToTheThread() throws InterruptedException {
        DType[] seen = new DType[2];
        Tensor a = random(1, 2, 2);
        try (var _ = Autocast.enter(DType.BF16)) {
            Thread alone = new Thread(() -> seen[0] = a.matmul(a).dtype());
            Thread handed = new Thread(Context.propagate(() -> seen[1] = a.matmul(a).dtype()));
            alone.start();
            handed.start();
            alone.join();
            handed.join();
        }
        assertArrayEquals(new DType[] {DType.F32, DType.BF16}, seen);
    }

    @Test
    void modulesComputeInTheDtypeTheyAreConvertedTo() {
        Sequential net = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 2));
        Tensor x = random(7, 3, 4);
        double[] exact = net.call(x).toDoubleArray();
        for (DType d : new DType[] {DType.BF16, DType.F16, DType.F64}) {
            net.to(d);
            Tensor y = net.call(x.to(d));
            assertEquals(d, y.dtype());
            double[] v = y.toDoubleArray();
            for (int i = 0; i < v.length; i++) {
                assertEquals(exact[i], v[i], 0.03);
            }
        }
    }

    private static Tensor grad(Parameter p) {
        Tensor g = p.grad();
        assertNotNull(g);
        return g;
    }

    private static Tensor grad(Tensor t) {
        Tensor g = t.grad();
        assertNotNull(g);
        return g;
    }

    // --- the scaler

    @Test
    void scaledLossesGiveTheSameStep() {
        Linear fc = new Linear(3, 2);
        Linear other = new Linear(3, 2);
        other.loadStateDict(fc.stateDict());
        Tensor x = random(8, 4, 3);
        fc.call(x).square().mean().backward();
        new SGD(fc.parameters(), 0.1).step();
        GradScaler scaler = new GradScaler();
        SGD o = new SGD(other.parameters(), 0.1);
        Tensor loss = other.call(x).square().mean();
        assertNear(65536 * loss.item(), scaler.scale(loss));
        scaler.scale(loss).backward();
        assertTrue(scaler.step(o));
        scaler.update();
        // The factor is a power of two: nothing is rounded.
        assertArrayEquals(fc.weight().get().toFloatArray(), other.weight().get().toFloatArray());
        assertEquals(65536, scaler.scale());
    }

    @Test
    void gradientsTooSmallForF16SurviveByScaling() {
        Linear fc = new Linear(2, 1, false);
        Tensor x = tensor(dims(1, 2), 1, 2);
        double tiny = 1e-9;
        try (var _ = Autocast.enter(DType.F16)) {
            fc.call(x).sum().mul(tiny).backward();
            assertNear(new double[] {0, 0}, grad(fc.weight()).mul(1e9));
            fc.zeroGrad();
            GradScaler scaler = new GradScaler();
            SGD o = new SGD(fc.parameters(), 1);
            scaler.scale(fc.call(x).sum().mul(tiny)).backward();
            scaler.unscale(o);
            double[] g = grad(fc.weight()).mul(1e9).toDoubleArray();
            assertEquals(1, g[0], 1e-2);
            assertEquals(2, g[1], 2e-2);
        }
    }

    @Test
    void badStepsAreLeftOutAndTheFactorMoves() {
        Parameter p = Parameter.startingAt(Tensors.of(1f));
        Adam o = new Adam(List.of(p), 0.1);
        GradScaler scaler = new GradScaler(new GradScaler.Options(8, 4, 0.25, 2));
        for (double bad : new double[] {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN}) {
            double before = scaler.scale();
            p.get().setGrad(Tensors.of((float) bad));
            assertFalse(scaler.step(o));
            assertThrows(IllegalStateException.class, () -> scaler.step(o));
            scaler.update();
            assertEquals(before / 4, scaler.scale());
            assertNear(1, p.get());
        }
        assertTrue(o.stateDict().tensors().isEmpty());
        for (int i = 1; i <= 4; i++) {
            p.get().setGrad(Tensors.of(1f));
            assertTrue(scaler.step(o));
            scaler.update();
            assertEquals(0.125 * Math.pow(4, i / 2), scaler.scale());
        }
        GradScaler other = new GradScaler(new GradScaler.Options(1, 4, 0.25, 2));
        p.get().setGrad(Tensors.of(1f));
        scaler.step(o);
        scaler.update();
        other.loadStateDict(scaler.stateDict());
        for (GradScaler s : List.of(scaler, other)) {
            p.get().setGrad(Tensors.of(1f));
            s.step(o);
            s.update();
            assertEquals(8, s.scale());
        }
    }

    @Test
    void wrongUseOfTheScalerIsRefused() {
        Parameter p = Parameter.startingAt(Tensors.of(1f).to(DType.F16));
        SGD o = new SGD(List.of(p), 0.1);
        GradScaler s = new GradScaler();
        assertThrows(IllegalStateException.class, s::update);
        p.get().setGrad(Tensors.of(1f).to(DType.F16));
        assertThrows(IllegalArgumentException.class, () -> s.unscale(o));
        assertThrows(IllegalArgumentException.class, () -> s.loadStateDict(Map.of("scale", 1.0)));
        assertThrows(IllegalArgumentException.class, () -> new GradScaler.Options(0, 2, 0.5, 1));
        p.zeroGrad();
        s.unscale(o);
        assertThrows(IllegalStateException.class, () -> s.unscale(o));
    }
}
