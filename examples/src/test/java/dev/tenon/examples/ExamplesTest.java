package dev.tenon.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExamplesTest {

    @Test
    void everyGradientOfTheFirstGraphIsOne() {
        FirstGraph.Result r = FirstGraph.run();
        float[] ones = new float[12];
        Arrays.fill(ones, 1);
        assertArrayEquals(ones, r.x().toFloatArray());
        assertArrayEquals(ones, r.y().toFloatArray());
        assertArrayEquals(ones, r.z().toFloatArray());
        assertEquals(0, r.c().rank());
    }

    @Test
    void bothSigmoidsAgreeAndTheFunctionIsOneNode() {
        float[] x = {-30, -2, -0.5f, 0, 1, 5, 30};
        var method = SigmoidTwoWays.asMethod(x);
        var function = SigmoidTwoWays.asFunction(x);
        for (int i = 0; i < x.length; i++) {
            double y = 1 / (1 + Math.exp(-x[i]));
            assertEquals(y, function.y().toFloatArray()[i], 1e-6 * y);
            assertEquals(y * (1 - y), function.gradient().toFloatArray()[i], 1e-6);
        }
        assertArrayEquals(method.y().toFloatArray(), function.y().toFloatArray());
        assertArrayEquals(method.gradient().toFloatArray(), function.gradient().toFloatArray(), 1e-6f);
        assertEquals(1, function.nodes());
        assertEquals(4, method.nodes());
    }

    @Test
    void onlyTheBranchTakenGetsAGradient() {
        Tensor x = Tensors.of(new float[][] {{1, 2}, {3, 4}});
        for (double z : new double[] {1, -1, 0}) {
            Tensor w1 = Tensors.of(new float[][] {{1}, {1}}).requiresGrad(true);
            Tensor w2 = Tensors.of(new float[][] {{2}, {2}}).requiresGrad(true);
            Tensor y = ControlFlow.conditional(z, x, w1, w2);
            assertArrayEquals(z > 0 ? new float[] {3, 7} : new float[] {6, 14}, y.toFloatArray());
            y.sum().backward();
            Tensor used = z > 0 ? w1 : w2;
            assertArrayEquals(new float[] {4, 6}, Examples.gradient(used).toFloatArray());
            assertNull((z > 0 ? w2 : w1).grad());
        }
    }

    /// y3 = ((y0 + x1) w + x2) w + x3) w = (y0 + x1) w³ + x2 w² + x3 w, and the gradient for w by its derivative.
    @Test
    void theLoopIsThePolynomial() {
        Tensor y0 = Tensors.of(0.5f);
        Tensor x = Tensors.of(new float[][] {{1}, {2}, {3}});
        Tensor w = Tensors.of(2f).requiresGrad(true);
        Tensor y = ControlFlow.loop(y0, x, w);
        assertEquals(1.5 * 8 + 2 * 4 + 3 * 2, y.item(), 1e-5);
        y.sum().backward();
        assertEquals(3 * 1.5 * 4 + 2 * 2 * 2 + 3, Examples.gradient(w).item(), 1e-5);
    }

    /// In f32 the three differ by rounding alone; the first steps are steep, the last hardly move.
    @Test
    void theThreeTwoLayerNetsAgree() {
        int steps = 60;
        double[] byHand = TwoLayerNet.byHand(1, steps);
        double[] autograd = TwoLayerNet.withAutograd(1, steps);
        double[] modules = TwoLayerNet.withModules(1, steps);
        assertTrue(byHand[0] > 1e7 && byHand[steps - 1] < byHand[0] / 1000, () -> Arrays.toString(byHand));
        for (int i = 0; i < steps; i++) {
            assertEquals(byHand[i], autograd[i], 1e-3 * byHand[i], "autograd at step " + i);
            assertEquals(byHand[i], modules[i], 1e-3 * byHand[i], "modules at step " + i);
        }
    }

    /// Half the bits, half the file, and as many digits right but for a few.
    @Test
    void fewerBitsHalveTheFileAndHardlyChangeTheAccuracy(@TempDir Path folder) throws IOException {
        List<PrecisionTradeoff.Row> rows = PrecisionTradeoff.run(1500, 300, 4, folder);
        assertEquals(List.of(DType.F64, DType.F32, DType.BF16, DType.F16),
                rows.stream().map(PrecisionTradeoff.Row::stored).toList());
        PrecisionTradeoff.Row full = rows.get(1);
        assertTrue(full.accuracy() > 0.8, rows::toString);
        for (PrecisionTradeoff.Row r : rows) {
            assertEquals(full.accuracy(), r.accuracy(), 0.04, rows::toString);
            assertEquals(r.stored().bytes() / 4.0, (double) r.bytes() / full.bytes(), 0.01, rows::toString);
        }
    }
}
