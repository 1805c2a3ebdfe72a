package dev.tenon.nn;

import static dev.tenon.nn.Near.assertNear;
import static dev.tenon.nn.Near.assertShape;
import static dev.tenon.nn.Near.dims;
import static dev.tenon.nn.Near.ramp;
import static dev.tenon.nn.Near.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Index;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Convs;
import dev.tenon.nn.functional.Linears;
import dev.tenon.nn.functional.Padding;
import dev.tenon.nn.functional.PaddingMode;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.AlphaDropout;
import dev.tenon.nn.layer.AvgPool2d;
import dev.tenon.nn.layer.BatchNorm1d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.BatchNormOptions;
import dev.tenon.nn.layer.Bilinear;
import dev.tenon.nn.layer.Conv1d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Conv3d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Dropout2d;
import dev.tenon.nn.layer.Embedding;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import dev.tenon.nn.layer.Unflatten;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Values of layers against values worked out by hand or by the definition, written out in loops.
class LayerTest {
    @Test
    void linear() {
        Linear fc = new Linear(2, 3);
        fc.loadStateDict(Map.of("weight", tensor(dims(3, 2), 1, 2, 3, 4, 5, 6), "bias", tensor(dims(3), 1, 0, -1)));
        assertNear(new double[] {1 + 2 + 1, 3 + 4, 5 + 6 - 1}, fc.call(Tensors.ones(2)));
        assertShape(fc.call(Tensors.ones(4, 5, 2)), 4, 5, 3);
        var e = assertThrows(TensorException.class, () -> fc.call(Tensors.ones(4, 3)));
        assertTrue(e.getMessage().contains("[4, 3]") && e.getMessage().contains("[3, 2]"), e.getMessage());
        assertShape(new Linear(2, 3, false).call(Tensors.ones(0, 2)), 0, 3);
    }

    @Test
    void bilinear() {
        Bilinear b = new Bilinear(2, 2, 1, true);
        b.loadStateDict(Map.of("weight", tensor(dims(1, 2, 2), 1, 2, 3, 4), "bias", tensor(dims(1), 0.5)));
        Tensor y = b.call(tensor(dims(2, 2), 1, 2, 0, 1), tensor(dims(2, 2), 3, 4, 1, 1));
        assertNear(new double[] {1 * (3 + 8) + 2 * (9 + 16) + 0.5, 3 + 4 + 0.5}, y);
        assertThrows(TensorException.class, () -> b.call(Tensors.ones(2, 2), Tensors.ones(3, 2)));
    }

    /// The definition for one image, one group, no padding.
    private static double[] conv(double[] x, int c, int h, int w, double[] k, int o, int kh, int kw, int stride,
            int dilation) {
        int oh = (h - dilation * (kh - 1) - 1) / stride + 1;
        int ow = (w - dilation * (kw - 1) - 1) / stride + 1;
        double[] y = new double[o * oh * ow];
        for (int f = 0; f < o; f++) {
            for (int i = 0; i < oh; i++) {
                for (int j = 0; j < ow; j++) {
                    for (int a = 0; a < c; a++) {
                        for (int u = 0; u < kh; u++) {
                            for (int v = 0; v < kw; v++) {
                                y[(f * oh + i) * ow + j] += k[((f * c + a) * kh + u) * kw + v]
                                        * x[(a * h + i * stride + u * dilation) * w + j * stride + v * dilation];
                            }
                        }
                    }
                }
            }
        }
        return y;
    }

    @Test
    void convolution() {
        Tensor x = Tensors.randn(3, 7, 6);
        Conv2d c = new Conv2d(3, 4, new int[] {3, 2}, false, new ConvOptions().stride(2).dilation(2));
        double[] expected = conv(x.toDoubleArray(), 3, 7, 6, c.weight().get().toDoubleArray(), 4, 3, 2, 2, 2);
        assertNear(expected, c.call(x));
        Tensor batch = Tensors.stack(0, x, x.mul(2.0));
        assertShape(c.call(batch), 2, 4, 2, 2);
        assertNear(expected, c.call(batch).select(0, 0));
        assertThrows(TensorException.class, () -> c.call(Tensors.ones(2, 4, 7, 6)));
        assertThrows(TensorException.class, () -> c.call(Tensors.ones(7, 6)));
        assertThrows(TensorException.class, () -> c.call(Tensors.ones(1, 3, 2, 2)));
    }

    @Test
    void convolutionGroupsAreIndependent() {
        Conv2d c = new Conv2d(4, 6, 3, new ConvOptions().groups(2).padding(1));
        Tensor x = Tensors.randn(2, 4, 5, 5);
        Tensor w = c.weight().get();
        Tensor b = c.bias().get();
        ConvOptions o = new ConvOptions().padding(1);
        Tensor first = Convs.conv2d(x.narrow(1, 0, 2), w.narrow(0, 0, 3), b.narrow(0, 0, 3), o);
        Tensor second = Convs.conv2d(x.narrow(1, 2, 2), w.narrow(0, 3, 3), b.narrow(0, 3, 3), o);
        assertNear(Tensors.cat(1, first, second).toDoubleArray(), c.call(x));
        assertThrows(TensorException.class, () -> new Conv2d(4, 6, 3, new ConvOptions().groups(4)));
    }

    @Test
    void convolutionPadding() {
        // An even window pads one more after than before.
        Tensor y = Convs.conv1d(ramp(1, 1, 4), Tensors.ones(1, 1, 2), null, new ConvOptions().paddingSame());
        assertNear(new double[] {1, 3, 5, 3}, y);
        assertShape(new Conv3d(1, 2, 3, new ConvOptions().paddingSame().dilation(2)).call(Tensors.ones(1, 1, 6, 7, 8)),
                1, 2, 6, 7, 8);
        assertShape(new Conv1d(1, 2, 3, 2, 1).call(Tensors.ones(1, 1, 8)), 1, 2, 4);
        assertThrows(TensorException.class, () -> new Conv1d(1, 1, 3, new ConvOptions().paddingSame().stride(2))
                .call(Tensors.ones(1, 1, 8)));
        Tensor three = Tensors.ones(1, 1, 3);
        for (var e : Map.of(PaddingMode.REFLECT, new double[] {2, 3, 6, 7}, PaddingMode.REPLICATE,
                new double[] {1, 3, 6, 8}, PaddingMode.CIRCULAR, new double[] {4, 3, 6, 5}).entrySet()) {
            Tensor z = Convs.conv1d(ramp(1, 1, 4), three, null,
                    new ConvOptions().padding(1).paddingMode(e.getKey()));
            assertNear(e.getValue(), z);
        }
        assertNear(new double[] {2, 1, 0, 1, 2, 1}, Padding.pad(ramp(1, 3), PaddingMode.REFLECT, 2, 1));
        assertThrows(TensorException.class, () -> Padding.pad(ramp(1, 3), PaddingMode.REFLECT, 3, 0));
    }

    @Test
    void pooling() {
        Tensor x = ramp(1, 1, 4, 4);
        assertNear(new double[] {5, 7, 13, 15}, new MaxPool2d(2).call(x));
        assertNear(new double[] {2.5, 4.5, 10.5, 12.5}, new AvgPool2d(2).call(x));
        assertNear(new double[] {5, 6, 7, 9, 10, 11, 13, 14, 15}, new MaxPool2d(2, 1).call(x));
        Tensor indices = Pools.maxPoolWithIndices(2, x, List.of(2), new PoolOptions()).indices();
        assertNear(new double[] {5, 7, 13, 15}, indices);
        assertNear(new double[] {0, 2, 3, 8, 10, 11, 12, 14, 15},
                new MaxPool2d(2, new PoolOptions().padding(1)).call(x.add(0)).flatten());
        Tensor corner = new AvgPool2d(2, new PoolOptions().padding(1)).call(x.add(4.0)).flatten();
        assertNear(1, corner.narrow(0, 0, 1));
        Tensor uncounted = new AvgPool2d(2, new PoolOptions().padding(1).countIncludePad(false)).call(x.add(4.0));
        assertNear(4, uncounted.flatten().narrow(0, 0, 1));
        assertShape(new MaxPool2d(3, new PoolOptions().stride(2).ceilMode(true)).call(Tensors.ones(1, 1, 6, 6)),
                1, 1, 3, 3);
        assertThrows(TensorException.class, () -> new MaxPool2d(5).call(x));
        assertThrows(TensorException.class, () -> new AvgPool2d(2, new PoolOptions().divisorOverride(0)).call(x));
    }

    @Test
    void adaptivePooling() {
        Tensor x = ramp(1, 1, 5, 6);
        assertNear(14.5, new AdaptiveAvgPool2d(1).call(x));
        Tensor y = new AdaptiveAvgPool2d(2, 3).call(x);
        // Rows 0 to 2 and 2 to 4, columns in pairs.
        assertNear(new double[] {6.5, 8.5, 10.5, 18.5, 20.5, 22.5}, y);
        assertShape(new AdaptiveAvgPool2d(7, -1).call(Tensors.ones(2, 3, 5, 6)), 2, 3, 7, 6);
        Tensor infinite = x.clone();
        infinite.set(Double.POSITIVE_INFINITY, Index.at(0), Index.at(0),
                Index.at(0));
        double[] z = new AdaptiveAvgPool2d(2, 4).call(infinite).toDoubleArray();
        assertEquals(Double.POSITIVE_INFINITY, z[0]);
        assertTrue(Arrays.stream(z).skip(1).allMatch(Double::isFinite), () -> Arrays.toString(z));
        Tensor leaf = Tensors.ones(1, 5, 6).requiresGrad(true);
        new AdaptiveAvgPool2d(2, 4).call(leaf).sum().backward();
        assertNear(8, grad(leaf).sum());
    }

    private static Tensor grad(Tensor t) {
        Tensor g = t.grad();
        assertNotNull(g);
        return g;
    }

    @Test
    void batchNormTrainsAndEvaluates() {
        BatchNorm2d bn = new BatchNorm2d(2);
        Tensor x = tensor(dims(2, 2, 1, 2), 1, 2, 10, 20, 3, 6, 30, 60);
        Tensor y = bn.call(x);
        double[] mean = {3, 30};
        double[] var = {(4 + 1 + 0 + 9) / 4.0, (400 + 100 + 0 + 900) / 4.0};
        double[] in = x.toDoubleArray();
        double[] expected = new double[8];
        for (int i = 0; i < 8; i++) {
            int c = i / 2 % 2;
            expected[i] = (in[i] - mean[c]) / Math.sqrt(var[c] + 1e-5);
        }
        assertNear(expected, y);
        assertNear(new double[] {0.3, 3}, bn.runningMean().get());
        assertNear(new double[] {0.9 + 0.1 * 14 / 3, 0.9 + 0.1 * 1400 / 3}, bn.runningVar().get());
        bn.eval();
        double v0 = bn.runningVar().get().toDoubleArray()[0];
        assertNear((1 - 0.3) / Math.sqrt(v0 + 1e-5), bn.call(x).flatten().narrow(0, 0, 1));
        assertNear(new double[] {0.3, 3}, bn.runningMean().get());
        bn.train().requiresGrad(true);
        bn.call(x.clone().requiresGrad(true)).square().sum().backward();
        assertNear(new double[] {0, 0}, grad(bn.bias().get()));
    }

    @Test
    void batchNormSettings() {
        BatchNorm1d cumulative = new BatchNorm1d(1, new BatchNormOptions().cumulativeAverage().affine(false));
        cumulative.call(tensor(dims(2, 1), 0, 2));
        cumulative.call(tensor(dims(2, 1), 4, 6));
        assertNear(3, cumulative.runningMean().get());
        assertEquals(0, cumulative.parameters().size());
        BatchNorm1d untracked = new BatchNorm1d(1, new BatchNormOptions().trackRunningStats(false));
        untracked.eval();
        assertNear(new double[] {-1, 1}, untracked.call(tensor(dims(2, 1), 0, 200)));
        assertEquals(0, untracked.buffers().size());
        var e = assertThrows(TensorException.class, () -> new BatchNorm1d(1).call(tensor(dims(1, 1), 3)));
        assertTrue(e.getMessage().contains("one value per channel"), e.getMessage());
        assertThrows(TensorException.class, () -> new BatchNorm1d(3).call(Tensors.ones(2, 4)));
        assertThrows(TensorException.class, () -> new BatchNorm2d(4).call(Tensors.ones(2, 4)));
        BatchNorm1d half = new BatchNorm1d(1);
        half.to(DType.BF16);
        assertEquals(DType.BF16, half.call(tensor(dims(2, 1), 0, 2).to(DType.BF16)).dtype());
    }

    @Test
    void layerNorm() {
        LayerNorm ln = new LayerNorm(3);
        Tensor y = ln.call(tensor(dims(2, 3), 1, 2, 3, 10, 10, 40));
        double s = Math.sqrt(2.0 / 3 + 1e-5);
        double s2 = Math.sqrt(200 + 1e-5);
        assertNear(new double[] {-1 / s, 0, 1 / s, -10 / s2, -10 / s2, 20 / s2}, y);
        assertThrows(TensorException.class, () -> ln.call(Tensors.ones(2, 4)));
        assertShape(new LayerNorm(Shape.of(2, 3), 1e-5, false, false).call(Tensors.randn(4, 2, 3)), 4, 2, 3);
    }

    @Test
    void dropout() {
        Dropout d = new Dropout(0.25, new Generator(7));
        Tensor x = Tensors.ones(100, 100).requiresGrad(true);
        Tensor y = d.call(x);
        double[] v = y.toDoubleArray();
        long zeros = Arrays.stream(v).filter(e -> e == 0).count();
        assertTrue(Math.abs(zeros - 2500) < 250, () -> zeros + " of 10000 dropped");
        assertTrue(Arrays.stream(v).allMatch(e -> e == 0 || Math.abs(e - 4.0 / 3) < 1e-6));
        y.sum().backward();
        // The backward pass drops the same elements.
        assertNear(v, grad(x));
        assertArrayEquals(v, new Dropout(0.25, new Generator(7)).call(x).toDoubleArray());
        assertTrue(!Arrays.equals(v, d.call(x).toDoubleArray()));
        d.eval();
        assertSame(x, d.call(x));
        assertSame(x, new Dropout(0).call(x));
        Tensor all = Tensors.of(Double.NaN, Double.POSITIVE_INFINITY, 1).requiresGrad(true);
        Tensor none = new Dropout(1).call(all);
        assertNear(new double[3], none);
        none.sum().backward();
        assertNear(new double[3], grad(all));
        assertThrows(TensorException.class, () -> new Dropout(1.5));
        assertThrows(TensorException.class, () -> new Dropout(0.5).call(Tensors.of(1L, 2L)));
    }

    @Test
    void otherDropouts() {
        double[] v = new Dropout2d(0.5, new Generator(3)).call(Tensors.ones(8, 16, 3, 3)).toDoubleArray();
        long zeros = 0;
        for (int i = 0; i < v.length; i += 9) {
            double first = v[i];
            assertTrue(Arrays.stream(v, i, i + 9).allMatch(e -> e == first));
            zeros += first == 0 ? 1 : 0;
        }
        long channels = zeros;
        assertTrue(channels > 40 && channels < 88, () -> channels + " of 128 channels dropped");
        Tensor a = new AlphaDropout(0.3, new Generator(5)).call(Tensors.randn(200, 200));
        assertEquals(0, a.mean().item(), 0.03);
        assertEquals(1, a.std().item(), 0.03);
        assertNear(new double[4], new AlphaDropout(1).call(Tensors.ones(4)));
    }

    @Test
    void embedding() {
        Embedding e = new Embedding(4, 2, -1);
        assertNear(new double[2], e.weight().get().select(0, 3));
        e.loadStateDict(Map.of("weight", ramp(1, 4, 2)));
        Tensor index = Tensors.of(new long[] {0, 3, 2, 0}, Shape.of(2, 2), Device.getDefault());
        Tensor y = e.call(index);
        assertShape(y, 2, 2, 2);
        assertNear(new double[] {0, 1, 6, 7, 4, 5, 0, 1}, y);
        y.sum().backward();
        assertNear(new double[] {2, 2, 0, 0, 1, 1, 0, 0}, grad(e.weight().get()));
        assertShape(e.call(Tensors.zeros(Shape.of(0, 3), DType.I32, index.device())), 0, 3, 2);
        assertThrows(TensorException.class, () -> e.call(Tensors.ones(2)));
        assertThrows(TensorException.class, () -> new Embedding(4, 2, 4));
        assertNear(new double[] {0, 1, 0, 1, 0, 0}, Linears.oneHot(Tensors.of(1L, 0L), 3));
    }

    @Test
    void unflatten() {
        assertShape(new Unflatten(1, 2, -1).call(Tensors.ones(3, 8)), 3, 2, 4);
    }
}
