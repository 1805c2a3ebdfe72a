package dev.tenon.nn;

import static dev.tenon.nn.Near.assertNear;
import static dev.tenon.nn.Near.assertShape;
import static dev.tenon.nn.Near.dims;
import static dev.tenon.nn.Near.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.loss.BCELoss;
import dev.tenon.nn.loss.BCEWithLogitsLoss;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.loss.HuberLoss;
import dev.tenon.nn.loss.KLDivLoss;
import dev.tenon.nn.loss.L1Loss;
import dev.tenon.nn.loss.MSELoss;
import dev.tenon.nn.loss.NLLLoss;
import dev.tenon.nn.loss.SmoothL1Loss;
import org.junit.jupiter.api.Test;

class LossTest {
    private static final Tensor X = tensor(dims(2, 2), 1, 2, -1, 0.5);
    private static final Tensor Y = tensor(dims(2, 2), 0, 2, 2, 0);

    private static final double[][] LOGITS = {{1, 2, 3}, {0, 0, 0}, {-1, 5, 2}};
    private static final Tensor Z = tensor(dims(3, 3), 1, 2, 3, 0, 0, 0, -1, 5, 2);

    private static double logp(int row, int c) {
        double sum = 0;
        for (double v : LOGITS[row]) {
            sum += Math.exp(v);
        }
        return LOGITS[row][c] - Math.log(sum);
    }

    @Test
    void elementwiseLossesAndReductions() {
        assertNear(new double[] {1, 0, 9, 0.25}, new MSELoss(Reduction.NONE).call(X, Y));
        assertNear(10.25, new MSELoss(Reduction.SUM).call(X, Y));
        assertNear(10.25 / 4, new MSELoss().call(X, Y));
        assertNear(4.5 / 4, new L1Loss().call(X, Y));
        assertNear(new double[] {0.5, 0, 2.5, 0.125}, new SmoothL1Loss(Reduction.NONE, 1).call(X, Y));
        assertNear(new double[] {0.75, 0, 2.75, 0.25}, Losses.smoothL1(X, Y, Reduction.NONE, 0.5));
        assertNear(4.5, Losses.smoothL1(X, Y, Reduction.SUM, 0));
        assertNear(new double[] {0.5, 0, 4, 0.125}, new HuberLoss(Reduction.NONE, 2).call(X, Y));
        assertThrows(TensorException.class, () -> Losses.huber(X, Y, Reduction.SUM, 0));
        var e = assertThrows(TensorException.class, () -> Losses.mse(Tensors.ones(3, 1), Tensors.ones(3)));
        assertTrue(e.getMessage().contains("[3, 1]") && e.getMessage().contains("[3]"), e.getMessage());
    }

    @Test
    void binaryCrossEntropy() {
        Tensor p = tensor(dims(4), 0.25, 1, 0, 0);
        Tensor t = tensor(dims(4), 1, 1, 0, 1);
        // The last would be infinite: logarithms end at -100.
        assertNear(new double[] {-Math.log(0.25), 0, 0, 100}, new BCELoss(Reduction.NONE, null).call(p, t));
        assertNear(-2 * Math.log(0.25), Losses.bce(p, t, tensor(dims(4), 2, 1, 1, 0), Reduction.SUM));
        Tensor z = tensor(dims(4), 0, 1000, -1000, 2);
        Tensor u = tensor(dims(4), 0.5, 0, 1, 1);
        double s = Math.log1p(Math.exp(-2));
        assertNear(new double[] {Math.log(2), 1000, 1000, s},
                new BCEWithLogitsLoss(Reduction.NONE, null, null).call(z, u));
        assertNear(new double[] {2 * Math.log(2), 1000, 3000, 3 * s},
                Losses.bceWithLogits(z, u, null, Tensors.of(3f), Reduction.NONE));
        Tensor leaf = z.clone().requiresGrad(true);
        Losses.bceWithLogits(leaf, u, null, null, Reduction.SUM).backward();
        assertNear(new double[] {0, 1, -1, 1 / (1 + Math.exp(-2)) - 1}, grad(leaf));
    }

    private static Tensor grad(Tensor t) {
        Tensor g = t.grad();
        assertNotNull(g);
        return g;
    }

    @Test
    void divergences() {
        Tensor logq = tensor(dims(1, 3), Math.log(0.25), Math.log(0.25), Math.log(0.5));
        Tensor p = tensor(dims(1, 3), 0.5, 0, 0.5);
        double first = 0.5 * (Math.log(0.5) - Math.log(0.25));
        assertNear(new double[] {first, 0, 0}, new KLDivLoss(Reduction.NONE, false).call(logq, p));
        assertNear(first, Losses.klDivBatchMean(logq, p, false));
        assertNear(new double[] {0, 0, 0}, Losses.klDiv(logq, logq, Reduction.NONE, true));
        Tensor leaf = logq.clone().requiresGrad(true);
        Losses.klDiv(leaf, p, Reduction.SUM, false).backward();
        assertNear(new double[] {-0.5, 0, -0.5}, grad(leaf));
        assertNear(Math.exp(1) - 2, Losses.poissonNll(tensor(dims(1), 1), tensor(dims(1), 2), Reduction.SUM, true, 0));
        assertNear(Math.log1p(Math.exp(-2)),
                Losses.softMargin(tensor(dims(1), -2), tensor(dims(1), -1), Reduction.SUM));
        assertNear(new double[] {0.5, 0}, Losses.marginRanking(tensor(dims(2), 1, 3), tensor(dims(2), 1, 1),
                tensor(dims(2), 1, 1), 0.5, Reduction.NONE));
    }

    @Test
    void crossEntropyOfClassNumbers() {
        Tensor t = Tensors.of(2L, 0L, 1L);
        double[] each = {-logp(0, 2), -logp(1, 0), -logp(2, 1)};
        assertNear(each, ClassLosses.crossEntropy(Z, t, Reduction.NONE));
        assertNear((each[0] + each[1] + each[2]) / 3, new CrossEntropyLoss().call(Z, t));
        assertNear((each[0] + each[1] + each[2]) / 3, new NLLLoss().call(Z.logSoftmax(1), t));
        assertNear(each[0], ClassLosses.crossEntropy(Z.select(0, 0), t.select(0, 0)));
        assertNear(each, ClassLosses.crossEntropy(Z, t.to(DType.I32), Reduction.NONE));
        assertNear(each, ClassLosses.crossEntropy(Z, t.to(DType.U8), Reduction.NONE));
        assertTrue(Double.isFinite(ClassLosses.crossEntropy(Z.mul(1e4), t).item()));
        Tensor leaf = Z.clone().requiresGrad(true);
        ClassLosses.crossEntropy(leaf, t, Reduction.SUM).backward();
        double[] expected = new double[9];
        for (int i = 0; i < 9; i++) {
            int target = new int[] {2, 0, 1}[i / 3];
            expected[i] = Math.exp(logp(i / 3, i % 3)) - (i % 3 == target ? 1 : 0);
        }
        assertNear(expected, grad(leaf));
    }

    @Test
    void weightsAndIgnoredTargets() {
        Tensor w = tensor(dims(3), 1, 2, 4);
        Tensor t = Tensors.of(2L, -100L, 1L);
        double a = -4 * logp(0, 2);
        double b = -2 * logp(2, 1);
        assertNear(new double[] {a, 0, b},
                ClassLosses.crossEntropy(Z, t, w, Reduction.NONE, ClassLosses.IGNORE, 0));
        assertNear((a + b) / 6, ClassLosses.crossEntropy(Z, t, w, Reduction.MEAN, ClassLosses.IGNORE, 0));
        Tensor none = Tensors.of(-100L, -100L, -100L);
        assertTrue(Double.isNaN(ClassLosses.crossEntropy(Z, none).item()));
        assertNear(0, ClassLosses.crossEntropy(Z, none, Reduction.SUM));
        Tensor leaf = Z.clone().requiresGrad(true);
        ClassLosses.crossEntropy(leaf, t, w, Reduction.SUM, ClassLosses.IGNORE, 0).backward();
        assertNear(new double[3], grad(leaf).select(0, 1));
        // An ignored impossible class is no NaN.
        Tensor impossible = tensor(dims(1, 2), Double.NEGATIVE_INFINITY, 0);
        assertNear(0, ClassLosses.nll(impossible, Tensors.of(0L), null, Reduction.SUM, 0));
    }

    @Test
    void labelSmoothingIsTheLossOfSmoothedProbabilities() {
        Tensor t = Tensors.of(2L, 0L, 1L);
        double[] each = new double[3];
        int[] target = {2, 0, 1};
        for (int r = 0; r < 3; r++) {
            for (int c = 0; c < 3; c++) {
                each[r] -= ((c == target[r] ? 0.7 : 0) + 0.1) * logp(r, c);
            }
        }
        assertNear(each, ClassLosses.crossEntropy(Z, t, null, Reduction.NONE, -100, 0.3));
        Tensor p = tensor(dims(3, 3), 0, 0, 1, 1, 0, 0, 0, 1, 0);
        assertNear(each, ClassLosses.crossEntropy(Z, p, null, Reduction.NONE, -100, 0.3));
        assertNear((each[0] + each[1] + each[2]) / 3, ClassLosses.crossEntropy(Z, p, null, Reduction.MEAN, -100, 0.3));
        Tensor w = tensor(dims(3), 1, 2, 4);
        double[] weights = {1, 2, 4};
        double sum = 0;
        for (int r = 0; r < 3; r++) {
            for (int c = 0; c < 3; c++) {
                sum -= ((c == target[r] ? 0.7 : 0) + 0.1) * weights[c] * logp(r, c);
            }
        }
        assertNear(sum / 7, ClassLosses.crossEntropy(Z, t, w, Reduction.MEAN, -100, 0.3));
        assertNear(sum / 3, ClassLosses.crossEntropy(Z, p, w, Reduction.MEAN, -100, 0.3));
        Tensor ignored = Tensors.of(2L, -100L, 1L);
        assertNear((each[0] + each[2]) / 2, ClassLosses.crossEntropy(Z, ignored, null, Reduction.MEAN, -100, 0.3));
    }

    @Test
    void imagesOfClasses() {
        Tensor logits = Tensors.randn(2, 3, 4, 5);
        Tensor t = Tensors.randint(0, 3, Shape.of(2, 4, 5), Device.getDefault(), Generator.getDefault());
        Tensor y = ClassLosses.crossEntropy(logits, t, Reduction.NONE);
        assertShape(y, 2, 4, 5);
        Tensor flat = ClassLosses.crossEntropy(logits.permute(0, 2, 3, 1).reshape(40, 3), t.reshape(40),
                Reduction.NONE);
        assertNear(flat.toDoubleArray(), y.reshape(40));
        Tensor w = tensor(dims(3), 1, 2, 3);
        Tensor p = logits.softmax(1);
        assertEquals(ClassLosses.crossEntropy(logits, p, w, Reduction.SUM, -100, 0).item() / 40,
                ClassLosses.crossEntropy(logits, p, w, Reduction.MEAN, -100, 0).item(), 1e-5);
    }

    @Test
    void unfitTargetsAreNamed() {
        for (Tensor bad : new Tensor[] {Tensors.of(1L, 2L), Tensors.ones(3), Tensors.of(true, false, true)}) {
            assertThrows(TensorException.class, () -> ClassLosses.crossEntropy(Z, bad));
        }
        Tensor t = Tensors.of(2L, 0L, 1L);
        assertThrows(TensorException.class, () -> ClassLosses.crossEntropy(Z, t, Tensors.ones(2), Reduction.SUM, 0, 0));
        assertThrows(TensorException.class, () -> ClassLosses.crossEntropy(Z, t, null, Reduction.SUM, 0, 1.5));
        assertThrows(TensorException.class, () -> ClassLosses.crossEntropy(t, t));
    }
}
