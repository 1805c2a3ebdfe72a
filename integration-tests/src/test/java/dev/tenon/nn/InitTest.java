package dev.tenon.nn;

import static dev.tenon.nn.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.init.Gain;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.init.Init.FanMode;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Linear;
import org.junit.jupiter.api.Test;

class InitTest {
    private static void uniform(Tensor t, double limit) {
        double top = t.abs().max().item();
        assertTrue(top <= limit * 1.000001 && top > 0.98 * limit, () -> top + " for a limit of " + limit);
        assertEquals(limit / Math.sqrt(3), t.std().item(), 0.03 * limit);
        assertEquals(0, t.mean().item(), 0.03 * limit);
    }

    @Test
    void fans() {
        assertEquals(new Init.Fans(5 * 6, 4 * 6), Init.fans(Shape.of(4, 5, 2, 3)));
        assertThrows(TensorException.class, () -> Init.fans(Shape.of(4)));
    }

    @Test
    void distributions() {
        uniform(Init.xavierUniform(Tensors.zeros(100, 50), 2), 2 * Math.sqrt(6.0 / 150));
        uniform(Init.kaimingUniform(Tensors.zeros(100, 50), FanMode.FAN_IN, Gain.RELU), Math.sqrt(6.0 / 50));
        uniform(Init.kaimingUniform(Tensors.zeros(100, 50), FanMode.FAN_OUT, Gain.RELU), Math.sqrt(6.0 / 100));
        assertEquals(Math.sqrt(2.0 / 50), Init.kaimingNormal(Tensors.zeros(100, 50), FanMode.FAN_IN, Gain.RELU).std()
                .item(), 0.01);
        assertEquals(Math.sqrt(2.0 / 150), Init.xavierNormal(Tensors.zeros(100, 50), 1).std().item(), 0.01);
        assertNear(new double[] {1, 0, 0, 0, 1, 0}, Init.eye(Tensors.zeros(2, 3)));
    }

    @Test
    void layersStartAsInPyTorch() {
        uniform(new Linear(64, 200).weight().get(), 1.0 / 8);
        uniform(new Linear(64, 4000).bias().get(), 1.0 / 8);
        uniform(new Conv2d(4, 300, 4).weight().get(), 1.0 / 8);
    }

    @Test
    void truncatedNormalStaysInside() {
        Tensor t = Init.truncNormal(Tensors.zeros(100, 100), 1, 2, 0, 4, new Generator(1));
        assertTrue(t.min().item() >= 0 && t.max().item() <= 4);
        // The mean of a normal cut off at -1/2 and 3/2 deviations.
        double a = Math.exp(-0.125) / Math.sqrt(2 * Math.PI);
        double b = Math.exp(-1.125) / Math.sqrt(2 * Math.PI);
        assertEquals(1 + 2 * (a - b) / (0.9331928 - 0.3085375), t.mean().item(), 0.05);
        assertThrows(TensorException.class, () -> Init.truncNormal(t, 0, 1, 2, 1, new Generator(1)));
    }

    @Test
    void orthogonalMatrices() {
        Tensor wide = Init.orthogonal(Tensors.zeros(3, 2, 4), 2, new Generator(1)).reshape(3, 8);
        assertNear(new double[] {4, 0, 0, 0, 4, 0, 0, 0, 4}, wide.matmul(wide.t()));
        Tensor tall = Init.orthogonal(Tensors.zeros(5, 2), 1, new Generator(1));
        assertNear(new double[] {1, 0, 0, 1}, tall.t().matmul(tall));
    }

    @Test
    void theSameSeedGivesTheSameWeights() {
        Tensors.manualSeed(5);
        float[] first = new Linear(3, 3).weight().get().toFloatArray();
        Tensors.manualSeed(5);
        assertArrayEquals(first, new Linear(3, 3).weight().get().toFloatArray());
    }
}
