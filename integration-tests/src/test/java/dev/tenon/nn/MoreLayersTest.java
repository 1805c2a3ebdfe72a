package dev.tenon.nn;

import static dev.tenon.nn.LayerChecks.gradCheck;
import static dev.tenon.nn.LayerChecks.normal;
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
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.activation.CELU;
import dev.tenon.nn.activation.GLU;
import dev.tenon.nn.activation.Hardshrink;
import dev.tenon.nn.activation.RReLU;
import dev.tenon.nn.activation.Softmax2d;
import dev.tenon.nn.activation.Softmin;
import dev.tenon.nn.activation.Softshrink;
import dev.tenon.nn.activation.Threshold;
import dev.tenon.nn.functional.Bags;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.PaddingMode;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import dev.tenon.nn.functional.Resizing.Mode;
import dev.tenon.nn.layer.AdaptiveMaxPool1d;
import dev.tenon.nn.layer.AdaptiveMaxPool2d;
import dev.tenon.nn.layer.AdaptiveMaxPool3d;
import dev.tenon.nn.layer.BatchNormOptions;
import dev.tenon.nn.layer.ChannelShuffle;
import dev.tenon.nn.layer.CircularPad1d;
import dev.tenon.nn.layer.CircularPad2d;
import dev.tenon.nn.layer.CircularPad3d;
import dev.tenon.nn.layer.ConstantPad1d;
import dev.tenon.nn.layer.ConstantPad2d;
import dev.tenon.nn.layer.ConstantPad3d;
import dev.tenon.nn.layer.ConvTranspose1d;
import dev.tenon.nn.layer.ConvTranspose2d;
import dev.tenon.nn.layer.ConvTranspose3d;
import dev.tenon.nn.layer.CosineSimilarity;
import dev.tenon.nn.layer.EmbeddingBag;
import dev.tenon.nn.layer.FeatureAlphaDropout;
import dev.tenon.nn.layer.Fold;
import dev.tenon.nn.layer.GroupNorm;
import dev.tenon.nn.layer.InstanceNorm1d;
import dev.tenon.nn.layer.InstanceNorm2d;
import dev.tenon.nn.layer.InstanceNorm3d;
import dev.tenon.nn.layer.LPPool1d;
import dev.tenon.nn.layer.LPPool2d;
import dev.tenon.nn.layer.LPPool3d;
import dev.tenon.nn.layer.LocalResponseNorm;
import dev.tenon.nn.layer.MaxUnpool1d;
import dev.tenon.nn.layer.MaxUnpool2d;
import dev.tenon.nn.layer.MaxUnpool3d;
import dev.tenon.nn.layer.PairwiseDistance;
import dev.tenon.nn.layer.PixelShuffle;
import dev.tenon.nn.layer.PixelUnshuffle;
import dev.tenon.nn.layer.RMSNorm;
import dev.tenon.nn.layer.ReflectionPad1d;
import dev.tenon.nn.layer.ReflectionPad2d;
import dev.tenon.nn.layer.ReflectionPad3d;
import dev.tenon.nn.layer.ReplicationPad1d;
import dev.tenon.nn.layer.ReplicationPad2d;
import dev.tenon.nn.layer.ReplicationPad3d;
import dev.tenon.nn.layer.Unfold;
import dev.tenon.nn.layer.Upsample;
import dev.tenon.nn.layer.ZeroPad1d;
import dev.tenon.nn.layer.ZeroPad2d;
import dev.tenon.nn.layer.ZeroPad3d;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/// Values of layers against values worked out by hand or by the definition, written out in loops; gradients of each.
class MoreLayersTest {
    private static Tensor image() {
        return normal(21, 2, 4, 4, 4);
    }

    // --- transposed convolution

    /// The definition for one image: every element of the input adds its multiple of the kernel to the output.
    private static double[] transposed(double[] x, int in, int h, int w, double[] k, int out, int kh, int kw,
            int stride, int padding, int extra, int dilation, int groups) {
        int oh = (h - 1) * stride - 2 * padding + dilation * (kh - 1) + extra + 1;
        int ow = (w - 1) * stride - 2 * padding + dilation * (kw - 1) + extra + 1;
        int share = out / groups;
        double[] y = new double[out * oh * ow];
        for (int a = 0; a < in; a++) {
            int g = a / (in / groups);
            for (int f = 0; f < share; f++) {
                for (int i = 0; i < h * w; i++) {
                    for (int u = 0; u < kh * kw; u++) {
                        int r = i / w * stride - padding + u / kw * dilation;
                        int c = i % w * stride - padding + u % kw * dilation;
                        if (r >= 0 && r < oh && c >= 0 && c < ow) {
                            y[((g * share + f) * oh + r) * ow + c] += x[a * h * w + i]
                                    * k[(a * share + f) * kh * kw + u];
                        }
                    }
                }
            }
        }
        return y;
    }

    @Test
    void transposedConvolution() {
        Tensor x = normal(1, 4, 3, 5);
        int[][] settings = {{1, 0, 0, 1, 1}, {2, 1, 1, 1, 2}, {3, 2, 2, 2, 1}, {1, 1, 1, 2, 4}, {2, 0, 0, 3, 2}};
        for (int[] s : settings) {
            ConvOptions o = new ConvOptions().stride(s[0]).padding(s[1]).dilation(s[3]).groups(s[4]);
            ConvTranspose2d c = new ConvTranspose2d(4, 4, new int[] {3, 2}, false, o, s[2]);
            c.to(DType.F64);
            double[] w = c.weight().get().toDoubleArray();
            assertNear(transposed(x.toDoubleArray(), 4, 3, 5, w, 4, 3, 2, s[0], s[1], s[2], s[3], s[4]), c.call(x));
        }
        ConvTranspose1d line = new ConvTranspose1d(2, 3, 3, new ConvOptions().stride(2).padding(1), 1);
        assertShape(line.call(Tensors.ones(5, 2, 4)), 5, 3, 8);
        assertShape(line.weight().get(), 2, 3, 3);
        ConvTranspose3d cube = new ConvTranspose3d(2, 4, 2, new ConvOptions().stride(2).groups(2));
        assertShape(cube.call(Tensors.ones(2, 2, 3, 4)), 4, 4, 6, 8);
        gradCheck(line, normal(2, 2, 2, 3));
        gradCheck(cube, normal(3, 1, 2, 2, 1, 2));
        gradCheck(new ConvTranspose2d(2, 2, new int[] {2, 3}, true, new ConvOptions().dilation(2).padding(1)),
                normal(4, 1, 2, 2, 2));
        assertThrows(TensorException.class, () -> line.call(Tensors.ones(5, 3, 4)));
        assertThrows(TensorException.class, () -> new ConvTranspose1d(3, 2, 2, new ConvOptions().groups(2)));
        assertThrows(TensorException.class, () -> new ConvTranspose1d(2, 2, 2, new ConvOptions().paddingSame()));
        assertThrows(TensorException.class,
                () -> new ConvTranspose1d(2, 2, 2, new ConvOptions().paddingMode(PaddingMode.REFLECT)));
        assertThrows(TensorException.class,
                () -> new ConvTranspose1d(2, 2, 2, new ConvOptions(), 1).call(Tensors.ones(1, 2, 4)));
    }

    // --- pooling

    @Test
    void normPooling() {
        Tensor x = tensor(dims(1, 2, 4), 3, 4, 6, 8, 1, 0, 5, 12);
        assertNear(new double[] {5, 10, 1, 13}, new LPPool1d(2, 2).call(x));
        assertNear(new double[] {7, 10, 14, 1, 5, 17},
                new LPPool1d(1, new int[] {2}, new PoolOptions().stride(1)).call(x));
        assertNear(Math.sqrt(30), new LPPool2d(2, 2).call(tensor(dims(1, 2, 2), 1, 2, 3, 4)));
        assertNear(Math.cbrt(8), new LPPool3d(3, 2).call(Tensors.ones(1, 1, 2, 2, 2)));
        gradCheck(new LPPool2d(3, new int[] {2, 3}, new PoolOptions().stride(1)), image().abs().add(0.5));
        gradCheck(new LPPool1d(2, 2), normal(1, 1, 2, 4));
        gradCheck(new LPPool3d(2, 2), normal(1, 1, 1, 2, 2, 4));
        assertThrows(TensorException.class, () -> new LPPool1d(0, 2).call(x));
    }

    @Test
    void adaptiveMaximum() {
        Tensor x = tensor(dims(1, 5), 3, 1, 4, 1, 5);
        // Windows 0 to 2, 1 to 3 and 3 to 4.
        assertNear(new double[] {3, 4, 5}, new AdaptiveMaxPool1d(3).call(x));
        assertNear(new double[] {2.0 * 6 + 2, 29}, new AdaptiveMaxPool2d(2, 1).call(ramp(1, 1, 5, 6)).sub(
                tensor(dims(1, 2, 1), 3, 0)));
        assertShape(new AdaptiveMaxPool3d(2, -1, 1).call(Tensors.ones(2, 3, 4, 5, 6)), 2, 3, 2, 5, 1);
        gradCheck(new AdaptiveMaxPool1d(3), normal(1, 2, 5));
        gradCheck(new AdaptiveMaxPool2d(3, 2), image());
        gradCheck(new AdaptiveMaxPool3d(2), normal(2, 1, 1, 3, 2, 3));
        assertThrows(TensorException.class, () -> new AdaptiveMaxPool2d(2).call(Tensors.ones(3, 3)));
    }

    @Test
    void unpooling() {
        Tensor x = tensor(dims(1, 1, 2, 4), 1, 9, 2, 3, 4, 5, 8, 7);
        var p = Pools.maxPoolWithIndices(2, x, List.of(2), new PoolOptions());
        assertNear(new double[] {0, 9, 0, 0, 0, 0, 8, 0}, new MaxUnpool2d(2).call(p.values(), p.indices()));
        assertNear(new double[] {0, 9, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0},
                new MaxUnpool2d(2).call(p.values(), p.indices(), 3, 4));
        Tensor line = normal(1, 2, 3, 7);
        var q = Pools.maxPoolWithIndices(1, line, List.of(3), new PoolOptions().stride(2));
        assertShape(new MaxUnpool1d(new int[] {3}, new int[] {2}, 0).call(q.values(), q.indices()), 2, 3, 7);
        var r = Pools.maxPoolWithIndices(3, normal(1, 1, 2, 2, 4, 2), List.of(2), new PoolOptions());
        gradCheck(new MaxUnpool3d(2), in -> new MaxUnpool3d(2).call(in.getFirst(), r.indices()), r.values());
        gradCheck(new MaxUnpool2d(2), in -> new MaxUnpool2d(2).call(in.getFirst(), p.indices()),
                p.values().to(DType.F64));
        Tensor one = Tensors.of(0L, 2L).reshape(1, 2);
        gradCheck(new MaxUnpool1d(2), in -> new MaxUnpool1d(2).call(in.getFirst(), one), normal(1, 1, 2));
        assertThrows(TensorException.class, () -> new MaxUnpool2d(2).call(p.values(), p.indices(), 4));
        assertThrows(TensorException.class, () -> new MaxUnpool2d(2).call(line, line.to(DType.I64).select(0, 0)));
    }

    // --- normalisation

    /// Mean 0 and variance 1 in runs of `length` elements.
    private static double[] standardized(double[] x, int length) {
        double[] y = new double[x.length];
        for (int from = 0; from < x.length; from += length) {
            double mean = Arrays.stream(x, from, from + length).average().orElseThrow();
            double var = Arrays.stream(x, from, from + length).map(v -> (v - mean) * (v - mean)).average()
                    .orElseThrow();
            for (int i = from; i < from + length; i++) {
                y[i] = (x[i] - mean) / Math.sqrt(var + 1e-5);
            }
        }
        return y;
    }

    @Test
    void groupNorm() {
        Tensor x = image();
        GroupNorm g = new GroupNorm(2, 4);
        double[] plain = standardized(x.toDoubleArray(), 32);
        assertNear(plain, g.call(x));
        g.loadStateDict(Map.of("weight", Tensors.of(1f, 2f, 3f, 4f), "bias", Tensors.of(0f, 1f, 0f, 1f)));
        double[] scaled = new double[plain.length];
        Arrays.setAll(scaled, i -> plain[i] * (i / 16 % 4 + 1) + i / 16 % 2);
        assertNear(scaled, g.call(x));
        gradCheck(new GroupNorm(2, 4), normal(3, 2, 4, 3));
        assertEquals(0, new GroupNorm(2, 4, 1e-5, false).parameters().size());
        assertThrows(TensorException.class, () -> new GroupNorm(3, 4));
        assertThrows(TensorException.class, () -> g.call(Tensors.ones(2, 6)));
    }

    @Test
    void instanceNorm() {
        Tensor x = image();
        double[] expected = standardized(x.toDoubleArray(), 16);
        assertNear(expected, new InstanceNorm2d(4).call(x));
        assertNear(Arrays.copyOf(expected, 64), new InstanceNorm2d(4).call(x.select(0, 0)));
        InstanceNorm2d tracking = new InstanceNorm2d(4, new BatchNormOptions().momentum(0.5));
        tracking.to(DType.F64);
        assertNear(expected, tracking.call(x));
        Tensor flat = x.flatten(2, 3);
        var mean = tracking.runningMean();
        var var = tracking.runningVar();
        assertNotNull(mean);
        assertNotNull(var);
        double[] m = flat.mean(2).mean(0).mul(0.5).toDoubleArray();
        double[] v = flat.var(new int[] {2}, 1, false).mean(0).mul(0.5).add(0.5).toDoubleArray();
        assertNear(m, mean.get());
        assertNear(v, var.get());
        tracking.eval();
        double[] in = x.toDoubleArray();
        double[] out = new double[in.length];
        Arrays.setAll(out, i -> (in[i] - m[i / 16 % 4]) / Math.sqrt(v[i / 16 % 4] + 1e-5));
        assertNear(out, tracking.call(x));
        assertNear(m, mean.get());
        gradCheck(tracking, normal(4, 2, 4, 2, 2));
        BatchNormOptions affine = new BatchNormOptions().trackRunningStats(false);
        gradCheck(new InstanceNorm1d(2, affine), normal(5, 2, 2, 3));
        gradCheck(new InstanceNorm3d(2, affine), normal(6, 1, 2, 2, 1, 2));
        var e = assertThrows(TensorException.class, () -> tracking.call(Tensors.ones(2, 3, 4, 4)));
        assertTrue(e.getMessage().contains("InstanceNorm2d"), e.getMessage());
        assertThrows(TensorException.class, () -> new InstanceNorm1d(2).call(Tensors.ones(1, 2, 1)));
    }

    @Test
    void rootMeanSquareAndLocalResponse() {
        RMSNorm r = new RMSNorm(2);
        r.loadStateDict(Map.of("weight", Tensors.of(1f, 2f)));
        double s = Math.sqrt(12.5 + 0x1p-23);
        assertNear(new double[] {3 / s, 8 / s}, r.call(Tensors.of(3f, 4f)));
        RMSNorm large = new RMSNorm(Shape.of(2), OptionalDouble.of(0.5), false);
        assertNear(new double[] {3 / Math.sqrt(13), 4 / Math.sqrt(13)}, large.call(Tensors.of(3f, 4f)));
        assertEquals(DType.BF16, large.call(Tensors.of(3f, 4f).to(DType.BF16)).dtype());
        gradCheck(new RMSNorm(2, 3), normal(7, 2, 2, 3));
        assertThrows(TensorException.class, () -> r.call(Tensors.ones(3)));
        LocalResponseNorm l = new LocalResponseNorm(3, 0.3, 0.5, 2);
        double[] squares = {0, 1, 4, 9, 0};
        double[] expected = new double[3];
        Arrays.setAll(expected, i -> (i + 1)
                / Math.sqrt(2 + 0.3 / 3 * (squares[i] + squares[i + 1] + squares[i + 2])));
        assertNear(expected, l.call(tensor(dims(1, 3, 1), 1, 2, 3)));
        gradCheck(l, normal(8, 2, 4, 2));
    }

    // --- tables

    @Test
    void embeddingBag() {
        double[] table = {1, 10, 2, 20, 3, 30, 4, 40};
        Tensor index = Tensors.of(0L, 2L, 3L, 3L);
        Tensor offsets = Tensors.of(0L, 2L, 2L);
        Map<Bags.Mode, double[]> expected = Map.of(
                Bags.Mode.SUM, new double[] {4, 40, 0, 0, 8, 80},
                Bags.Mode.MEAN, new double[] {2, 20, 0, 0, 4, 40},
                Bags.Mode.MAX, new double[] {3, 30, 0, 0, 4, 40});
        expected.forEach((mode, values) -> {
            EmbeddingBag bag = new EmbeddingBag(4, 2, mode);
            bag.loadStateDict(Map.of("weight", tensor(dims(4, 2), table)));
            assertNear(values, bag.call(index, offsets, null));
            assertNear(Arrays.copyOf(values, 2), bag.call(index.narrow(0, 0, 2).reshape(1, 2)));
            gradCheck(bag, in -> bag.call(index, offsets, null));
        });
        EmbeddingBag sum = new EmbeddingBag(4, 2, Bags.Mode.SUM, true, OptionalLong.of(-1));
        assertNear(new double[2], sum.weight().get().select(0, 3));
        sum.loadStateDict(Map.of("weight", tensor(dims(4, 2), table)));
        // The last vector is padding; the last offset is an end.
        Tensor weights = Tensors.of(1f, 2f, 5f, 5f);
        assertNear(new double[] {7, 70, 0, 0}, sum.call(index, offsets.mul(1L).add(Tensors.of(0L, 0L, 2L)), weights));
        gradCheck(sum, in -> sum.call(index, offsets, in.getFirst()), normal(9, 4));
        assertThrows(TensorException.class, () -> sum.call(index, null, null));
        assertThrows(TensorException.class, () -> new EmbeddingBag(4, 2).call(index, offsets, weights));
        assertThrows(TensorException.class,
                () -> new EmbeddingBag(4, 2, Bags.Mode.SUM, false, OptionalLong.of(4)));
    }

    // --- resizing

    @Test
    void upsample() {
        Tensor x = tensor(dims(1, 1, 2, 2), 1, 2, 3, 4);
        assertNear(new double[] {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}, new Upsample(2).call(x));
        assertNear(new double[] {1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4},
                new Upsample(new int[] {3}, Mode.LINEAR, true).call(x));
        assertNear(new double[] {1, 1.25, 1.75, 2}, new Upsample(new double[] {2}, Mode.LINEAR, false)
                .call(tensor(dims(1, 1, 2), 1, 2)));
        assertNear(new double[] {2.5}, new Upsample(new int[] {1}, Mode.AREA, false).call(x));
        assertShape(new Upsample(new double[] {2, 1.5, 1}, Mode.NEAREST_EXACT, false)
                .call(Tensors.ones(1, 2, 2, 2, 2)), 1, 2, 4, 3, 2);
        // A quarter behind element 2, whose four neighbours weigh -27/256, 225/256, 67/256 and -9/256.
        double at = (-27 * 1 + 225 * 2 + 67 * 3 - 9 * 4) / 256.0;
        Tensor plane = new Upsample(new double[] {2}, Mode.BICUBIC, false).call(ramp(1, 1, 1, 6, 6));
        assertNear(at * 6 + at, plane.select(2, 5).select(2, 5));
        for (Mode mode : Mode.values()) {
            gradCheck(new Upsample(new int[] {3, 5}, mode, false), normal(3, 1, 1, 2, 3));
        }
        assertThrows(TensorException.class, () -> new Upsample(2).call(Tensors.ones(2, 2)));
    }

    @Test
    void shuffles() {
        Tensor x = ramp(1, 1, 4, 1, 2);
        Tensor y = new PixelShuffle(2).call(x);
        assertNear(new double[] {0, 2, 1, 3, 4, 6, 5, 7}, y);
        assertShape(y, 1, 1, 2, 4);
        assertNear(x.toDoubleArray(), new PixelUnshuffle(2).call(y));
        assertNear(new double[] {0, 3, 1, 4, 2, 5}, new ChannelShuffle(2).call(
                tensor(dims(1, 6), 0, 1, 2, 3, 4, 5).reshape(1, 6, 1)));
        gradCheck(new PixelShuffle(2), image());
        gradCheck(new PixelUnshuffle(2), image());
        gradCheck(new ChannelShuffle(2), image());
        assertThrows(TensorException.class, () -> new PixelShuffle(3).call(x));
        assertThrows(TensorException.class, () -> new PixelUnshuffle(3).call(x));
        assertThrows(TensorException.class, () -> new ChannelShuffle(3).call(x));
    }

    @Test
    void margins() {
        Tensor x = tensor(dims(1, 3), 1, 2, 3);
        assertNear(new double[] {7, 1, 2, 3, 7, 7}, new ConstantPad1d(7, 1, 2).call(x));
        assertNear(new double[] {0, 1, 2}, new ZeroPad1d(1, -1).call(x));
        assertNear(new double[] {3, 2, 1, 2, 3, 2}, new ReflectionPad1d(2, 1).call(x));
        assertNear(new double[] {1, 1, 1, 2, 3, 3}, new ReplicationPad1d(2, 1).call(x));
        assertNear(new double[] {2, 3, 1, 2, 3, 1}, new CircularPad1d(2, 1).call(x));
        Tensor square = ramp(1, 1, 1, 2, 2).add(1.0);
        assertNear(new double[] {0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0}, new ZeroPad2d(1).call(square));
        assertNear(new double[] {4, 3, 4, 3, 2, 1, 2, 1, 4, 3, 4, 3, 2, 1, 2, 1}, new ReflectionPad2d(1).call(square));
        assertNear(new double[] {1, 1, 2, 1, 1, 2, 3, 3, 4}, new ReplicationPad2d(1, 0, 1, 0).call(square));
        assertNear(new double[] {4, 3, 4, 2, 1, 2}, new CircularPad2d(1, 0, 1, 0).call(square)
                .narrow(2, 0, 2));
        assertShape(new ConstantPad2d(1, 1, 2, 3, 4).call(square), 1, 1, 9, 5);
        for (Module pad : List.of(new ConstantPad3d(2, 1), new ZeroPad3d(0, 1, 0, 0, 1, 0), new ReflectionPad3d(1),
                new ReplicationPad3d(1, 2, 1, 0, 0, 1), new CircularPad3d(1))) {
            gradCheck(pad, normal(5, 1, 1, 2, 2, 2));
        }
        assertShape(new ReplicationPad3d(1, 2, 3, 4, 5, 6).call(Tensors.ones(1, 2, 2, 2)), 1, 13, 9, 5);
        assertThrows(TensorException.class, () -> new ReflectionPad1d(3).call(x));
        assertThrows(TensorException.class, () -> new CircularPad2d(3, 0, 0, 0).call(square));
        assertThrows(TensorException.class, () -> new ZeroPad2d(1, 2));
        assertThrows(TensorException.class, () -> new ZeroPad2d(1).call(x));
    }

    @Test
    void foldAndUnfold() {
        Tensor x = ramp(1, 1, 1, 3, 3);
        Unfold u = new Unfold(new int[] {2}, new ConvOptions());
        Tensor columns = u.call(x);
        assertNear(new double[] {0, 1, 3, 4, 1, 2, 4, 5, 3, 4, 6, 7, 4, 5, 7, 8}, columns);
        Fold f = new Fold(new int[] {3}, new int[] {2}, new ConvOptions());
        assertNear(new double[] {0, 2, 2, 6, 16, 10, 6, 14, 8}, f.call(columns));
        gradCheck(new Unfold(new int[] {2, 1}, new ConvOptions().stride(2).padding(1)), image());
        gradCheck(f, normal(1, 2, 4, 4));
        assertThrows(TensorException.class, () -> f.call(Tensors.ones(1, 4, 5)));
    }

    // --- distances, activations, dropout, containers

    @Test
    void distances() {
        Tensor a = tensor(dims(2, 2), 3, 4, 1, 0);
        Tensor b = tensor(dims(2, 2), 4, 3, 0, 2);
        assertNear(new double[] {24.0 / 25, 0}, new CosineSimilarity().call(a, b));
        assertNear(new double[] {Math.sqrt(2), Math.sqrt(5)}, new PairwiseDistance().call(a, b));
        assertShape(new PairwiseDistance(1, 0, true).call(a, b), 2, 1);
        gradCheck(new CosineSimilarity(0, 1e-8), in -> new CosineSimilarity(0, 1e-8).call(in.get(0), in.get(1)),
                normal(1, 3, 2), normal(2, 3, 2));
        gradCheck(new PairwiseDistance(3, 1e-6, false), in -> new PairwiseDistance(3, 1e-6, false)
                .call(in.get(0), in.get(1)), normal(1, 3, 2), normal(2, 3, 2));
    }

    @Test
    void activations() {
        Tensor x = Tensors.of(-2f, -0.25f, 0f, 0.25f, 2f);
        assertNear(new double[] {-2, 0, 0, 0, 2}, new Hardshrink().call(x));
        assertNear(new double[] {-1.5, 0, 0, 0, 1.5}, new Softshrink().call(x));
        assertNear(new double[] {9, 9, 9, 0.25, 2}, new Threshold(0, 9).call(x));
        assertNear(new double[] {2 * Math.expm1(-1), 2 * Math.expm1(-0.125), 0, 0.25, 2}, new CELU(2).call(x));
        assertNear(3 / (1 + Math.exp(-1)), new GLU().call(Tensors.of(3f, 1f)));
        assertNear(new Softmin().call(x).toDoubleArray(), x.neg().softmax(0));
        Tensor four = new Softmax2d().call(image());
        assertNear(new double[32], four.sum(1).sub(1.0));
        assertThrows(TensorException.class, () -> new Softmax2d().call(x));
        assertThrows(TensorException.class, () -> new GLU().call(x));
        for (Module m : List.of(new Hardshrink(), new Softshrink(), new Threshold(0.1, 3), new CELU(2), new GLU(1),
                new Softmin(1), new Softmax2d(), new RReLU().eval())) {
            gradCheck(m, image());
        }
        RReLU r = new RReLU(0.2, 0.4, new Generator(3));
        double[] y = r.call(Tensors.ones(1000).neg()).toDoubleArray();
        assertTrue(Arrays.stream(y).allMatch(v -> v <= -0.2 && v >= -0.4));
        assertEquals(-0.3, Arrays.stream(y).average().orElseThrow(), 0.01);
        assertNear(new double[] {-0.6, -0.075, 0, 0.25, 2}, r.eval() instanceof RReLU e ? e.call(x) : x);
        assertThrows(TensorException.class, () -> new RReLU(0.4, 0.2).call(x));
        gradCheck(r, in -> new RReLU(0.1, 0.5, new Generator(4)).call(in.getFirst()), image());
    }

    @Test
    void featureAlphaDropout() {
        Tensor y = new FeatureAlphaDropout(0.5, new Generator(5)).call(Tensors.ones(20, 20, 2));
        double[] v = y.toDoubleArray();
        double dropped = Arrays.stream(v).min().orElseThrow();
        for (int i = 0; i < v.length; i += 2) {
            assertEquals(v[i], v[i + 1]);
        }
        assertTrue(Math.abs(DoubleStream.of(v).filter(e -> e == dropped).count() - 400) < 120);
        Tensor x = Tensors.ones(2, 2, 2);
        assertSame(x, new FeatureAlphaDropout(0.5).eval() instanceof FeatureAlphaDropout d ? d.call(x) : null);
    }

    @Test
    void listsAndDictionariesOfParameters() {
        ParameterList list = new ParameterList(Parameter.startingAt(Tensors.ones(2))).add(Tensors.ones(3));
        assertEquals(List.of("0", "1"), List.copyOf(list.namedParameters().keySet()));
        assertSame(list.get(1), list.get(-1));
        assertEquals(5, list.parameterCount());
        int n = 0;
        for (Parameter p : list) {
            assertSame(list.get(n++), p);
        }
        assertThrows(IndexOutOfBoundsException.class, () -> list.get(2));
        ParameterDict dict = new ParameterDict(Map.of("shared", list.get(0))).put("own", Tensors.zeros(4));
        assertSame(list.get(0), dict.get("shared"));
        assertEquals(2, dict.size());
        assertTrue(dict.contains("own") && !dict.contains("other"));
        var e = assertThrows(IllegalArgumentException.class, () -> dict.get("other"));
        assertTrue(e.getMessage().contains("own"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> dict.put("own", Tensors.zeros(4)));
        assertArrayEquals(new Object[] {"shared", "own"}, dict.names().toArray());
    }
}
