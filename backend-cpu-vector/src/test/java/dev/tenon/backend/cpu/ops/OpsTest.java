package dev.tenon.backend.cpu.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.AvgPoolBackward;
import dev.tenon.api.op.Composite;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.Softmax;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.WindowGeometry;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Ops through the tensor API against plain loops, and native composites against what they decompose into.
class OpsTest {
    private static final Device CPU = Device.of("cpu");

    private static Tensor random(DType dtype, long... dims) {
        return Tensors.randn(Shape.of(dims), dtype, CPU, new Generator(7));
    }

    private static void near(Tensor expected, Tensor got, double tolerance) {
        assertEquals(expected.shape(), got.shape());
        assertEquals(expected.dtype(), got.dtype());
        double[] e = expected.to(DType.F64).toDoubleArray();
        double[] g = got.to(DType.F64).toDoubleArray();
        for (int i = 0; i < e.length; i++) {
            assertEquals(e[i], g[i], tolerance * Math.max(1, Math.abs(e[i])), "element " + i);
        }
    }

    private static void asDecomposed(Composite op, double tolerance, Tensor... in) {
        List<Tensor> got = Dispatcher.apply(op, List.of(in));
        List<Tensor> expected = op.decompose(List.of(in));
        for (int i = 0; i < got.size(); i++) {
            near(expected.get(i), got.get(i), tolerance);
        }
    }

    @Test
    void elementwiseOverLayoutsAndBroadcasting() {
        Tensor a = random(DType.F32, 37, 130);
        Tensor b = random(DType.F32, 130, 37).transpose(0, 1);
        Tensor row = random(DType.F32, 130);
        Tensor col = random(DType.F32, 37, 1);
        float[] y = a.add(b).mul(row).sub(col).toFloatArray();
        float[] av = a.toFloatArray();
        float[] bv = b.toFloatArray();
        float[] rv = row.toFloatArray();
        float[] cv = col.toFloatArray();
        for (int i = 0; i < 37; i++) {
            for (int j = 0; j < 130; j++) {
                assertEquals((av[i * 130 + j] + bv[i * 130 + j]) * rv[j] - cv[i], y[i * 130 + j], 0f);
            }
        }
    }

    @Test
    void outputsMayAliasInputs() {
        long n = 5000;
        Tensor a = Tensors.arange(0, n, 1, DType.F32, CPU);
        Tensor b = Tensors.arange(n, 2 * n, 1, DType.F32, CPU);
        Expr x = Exprs.in(0, DType.F32);
        Expr y = Exprs.in(1, DType.F32);
        Lambda swapAndSum = Lambda.of(List.of(y, Exprs.add(x, y)), List.of(DType.F32, DType.F32));
        Dispatcher.applyInto(MapOp.of("update", swapAndSum), List.of(a, b), List.of(a, b));
        float[] av = a.toFloatArray();
        float[] bv = b.toFloatArray();
        for (int i = 0; i < n; i++) {
            assertEquals(n + i, av[i], 0f);
            assertEquals(n + 2f * i, bv[i], 0f);
        }
    }

    @Test
    void philoxIsThePublishedOne() {
        // The known answer for a counter and key of zero, from the authors' Random123 distribution.
        int[] expected = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
        Expr zero = Exprs.constant(DType.Kind.I64, 0L);
        for (int w = 0; w < 4; w++) {
            Lambda l = Lambda.of(new Expr.Random(zero, zero, new Expr.Index(-1), w), DType.I32);
            Tensor t = Dispatcher.create(new MapOp("bits", l, Shape.of(40), Scalars.NONE), CPU);
            assertEquals(expected[w], t.to(DType.I64).toLongArray()[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 1000, 100_003})
    void sumsAreAccurate(int n) {
        Tensor x = Tensors.uniform(Shape.of(n, 3), 0, 1, DType.F32, CPU, new Generator(3));
        double[] expected = new double[3];
        float[] v = x.toFloatArray();
        for (int i = 0; i < v.length; i++) {
            expected[i % 3] += v[i];
        }
        float[] columns = x.sum(0).toFloatArray();
        float[] rows = x.transpose(0, 1).contiguous().sum(1).toFloatArray();
        for (int c = 0; c < 3; c++) {
            assertEquals(expected[c], columns[c], expected[c] * 1.5e-7);
            assertEquals(expected[c], rows[c], expected[c] * 1.5e-7);
        }
    }

    @Test
    void reductionsOverMiddleAxesAndOfNothing() {
        Tensor x = random(DType.F64, 4, 150, 5);
        double[] v = x.toDoubleArray();
        double[] got = x.sum(1).toDoubleArray();
        long[] at = x.argmax(1, false).toLongArray();
        for (int i = 0; i < 4; i++) {
            for (int k = 0; k < 5; k++) {
                double s = 0;
                int best = 0;
                for (int j = 0; j < 150; j++) {
                    s += v[(i * 150 + j) * 5 + k];
                    best = v[(i * 150 + j) * 5 + k] > v[(i * 150 + best) * 5 + k] ? j : best;
                }
                assertEquals(s, got[i * 5 + k], 1e-12);
                assertEquals(best, at[i * 5 + k]);
            }
        }
        assertArrayEquals(new float[] {0, 0}, Tensors.zeros(2, 0).sum(1).toFloatArray());
        assertTrue(Double.isNaN(Tensors.of(1f, Float.NaN, 2f).amax(new int[] {0}, false).toDoubleArray()[0]));
    }

    @ParameterizedTest
    @ValueSource(longs = {500, 1500, 4096, 5000, 9000})
    void wideRowsAreReducedOverColumns(long width) {
        int rows = 150;
        int w = (int) width;
        Tensor x = random(DType.F32, rows, width);
        float[] v = x.toFloatArray();
        float[] sum = x.sum(new int[] {0}, false).toFloatArray();
        float[] max = x.amax(new int[] {0}, false).toFloatArray();
        for (int j = 0; j < w; j++) {
            double s = 0;
            float m = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < rows; i++) {
                s += v[i * w + j];
                m = Math.max(m, v[i * w + j]);
            }
            assertEquals(s, sum[j], 1e-5, "sum of column " + j);
            assertEquals(m, max[j], 0f, "maximum of column " + j);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 63, 64, 65, 300, 4096, 4099})
    void rowsOfAnyLengthAreGathered(long width) {
        Tensor table = random(DType.F32, 50, width);
        long[] picked = {7, 49, 0, 7, 21};
        Tensor index = Tensors.of(picked);
        float[] v = table.toFloatArray();
        float[] got = table.indexSelect(0, index).toFloatArray();
        for (int r = 0; r < picked.length; r++) {
            for (int j = 0; j < width; j++) {
                assertEquals(v[(int) (picked[r] * width) + j], got[(int) (r * width) + j], 0f, "row " + r + " at " + j);
            }
        }
        // A part of each row, so that rows do not follow one another.
        if (width > 2) {
            float[] part = table.narrow(1, 1, width - 2).indexSelect(0, index).toFloatArray();
            for (int j = 0; j < width - 2; j++) {
                assertEquals(v[(int) (21 * width) + 1 + j], part[(int) (4 * (width - 2)) + j], 0f, "part at " + j);
            }
        }
    }

    @Test
    void indicesOutOfRangeAreReported() {
        Tensor x = Tensors.zeros(3, 2);
        Tensor index = Tensors.of(new long[] {0, 3}, Shape.of(1, 2), CPU);
        TensorException e = assertThrows(TensorException.class, () -> x.gather(0, index));
        assertTrue(e.getMessage().contains("gather: index 3 is out of range for axis 0 of shape [3, 2]"),
                e.getMessage());
        TensorException s = assertThrows(TensorException.class,
                () -> Dispatcher.run(new ScatterOp(0, ScatterOp.Mode.ADD), x, index, Tensors.ones(1, 2)));
        assertTrue(s.getMessage().contains("scatter_add: index 3"), s.getMessage());
    }

    @Test
    void scatterAddsWholeRowsInOrder() {
        int rows = 4000;
        long[] at = new long[rows];
        float[] expected = new float[50 * 17];
        Tensor source = random(DType.F32, rows, 17);
        float[] v = source.toFloatArray();
        for (int i = 0; i < rows; i++) {
            at[i] = (i * 31L + i % 7) % 50;
            for (int j = 0; j < 17; j++) {
                expected[(int) at[i] * 17 + j] += v[i * 17 + j];
            }
        }
        Tensor index = Tensors.of(at, Shape.of(rows, 1), CPU).expand(rows, 17);
        Tensor y = Dispatcher.run(new ScatterOp(0, ScatterOp.Mode.ADD), Tensors.zeros(50, 17), index, source);
        assertArrayEquals(expected, y.toFloatArray());
    }

    @Test
    void sortIsStableAndPutsNanLast() {
        Tensor x = Tensors.of(2f, Float.NaN, -0f, 0f, Float.NEGATIVE_INFINITY, 2f);
        assertArrayEquals(new long[] {4, 2, 3, 0, 5, 1},
                Dispatcher.apply(new SortOp(0, false), List.of(x)).get(1).toLongArray());
        assertArrayEquals(new long[] {1, 0, 5, 2, 3, 4},
                Dispatcher.apply(new SortOp(0, true), List.of(x)).get(1).toLongArray());
        Tensor wide = Tensors.of(3L, Long.MIN_VALUE, 3L, Long.MAX_VALUE);
        assertArrayEquals(new long[] {1, 0, 2, 3},
                Dispatcher.apply(new SortOp(0, false), List.of(wide)).get(1).toLongArray());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void convolutionsAreWhatTheyDecomposeInto(int groups) {
        Convolution c = new Convolution(new WindowGeometry(List.of(2, 1), List.of(1, 0), List.of(0, 2), List.of(1, 2)),
                groups);
        Tensor x = random(DType.F32, 3, 4, 9, 8);
        Tensor w = random(DType.F32, 6, 4 / groups, 3, 2);
        Tensor b = random(DType.F32, 6);
        asDecomposed(c, 1e-5, x, w);
        asDecomposed(c, 1e-5, x, w, b);
        Tensor g = Dispatcher.run(c, x, w).mul(0.5);
        asDecomposed(new ConvolutionBackwardData(c, x.shape()), 1e-4, g, w);
        asDecomposed(new ConvolutionBackwardWeight(c, w.shape()), 1e-4, x, g);
        asDecomposed(c, 1e-5, x.transpose(2, 3).contiguous().transpose(2, 3), w.flip(0), b);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void poolingsAreWhatTheyDecomposeInto(boolean ceil) {
        Tensor x = random(DType.F64, 2, 3, 9, 8);
        MaxPool max = new MaxPool(List.of(3, 2), WindowGeometry.of(2, 2, 1, 1), ceil);
        asDecomposed(max, 0, x);
        List<Tensor> pooled = Dispatcher.apply(max, List.of(x));
        asDecomposed(new MaxPoolBackward(x.shape()), 1e-14, pooled.get(0), pooled.get(1));
        for (boolean count : new boolean[] {false, true}) {
            AvgPool mean = new AvgPool(List.of(3, 2), WindowGeometry.of(2, 2, 1, 1), ceil, count,
                    OptionalLong.empty());
            asDecomposed(mean, 1e-14, x);
            asDecomposed(new AvgPoolBackward(mean, x.shape()), 1e-14, Dispatcher.run(mean, x));
        }
    }

    @Test
    void softmaxIsWhatItDecomposesInto() {
        Tensor x = random(DType.F32, 70, 10).mul(20);
        asDecomposed(new Softmax(1), 1e-6, x);
        asDecomposed(new LogSoftmax(1), 1e-6, x);
        Tensor wide = random(DType.F32, 2, 3001).transpose(0, 1).contiguous().transpose(0, 1);
        asDecomposed(new Softmax(1), 1e-6, wide);
        asDecomposed(new LogSoftmax(1), 1e-6, wide);
    }

    /// NaN, with any bits in it, makes its row NaN, as do infinity and nothing but -infinity; what is far below is 0.
    @Test
    void softmaxOfWhatIsNotFinite() {
        float[] odd = {Float.NaN, Float.intBitsToFloat(0x7fc00155), Float.intBitsToFloat(0xffc001ff),
                Float.POSITIVE_INFINITY};
        for (int n : new int[] {3, 16, 37, 70}) {
            for (float v : odd) {
                float[] x = new float[n];
                x[n / 2] = v;
                float[] y = Tensors.of(x, Shape.of(1, n), CPU).softmax(1).toFloatArray();
                assertTrue(Float.isNaN(y[n / 2]), n + " with " + v);
                assertTrue(v > 0 || Float.isNaN(y[0]), n + " with " + v);
            }
            float[] x = new float[n];
            Arrays.fill(x, Float.NEGATIVE_INFINITY);
            assertTrue(Float.isNaN(Tensors.of(x, Shape.of(1, n), CPU).softmax(1).toFloatArray()[0]));
            Arrays.fill(x, -1e30f);
            x[0] = Float.NEGATIVE_INFINITY;
            x[1] = 5;
            float[] y = Tensors.of(x, Shape.of(1, n), CPU).softmax(1).toFloatArray();
            for (int i = 0; i < n; i++) {
                assertEquals(i == 1 ? 1 : 0, y[i], 0);
            }
        }
    }

    @Test
    void integerAndHalfProducts() {
        Tensor a = Tensors.of(new byte[] {100, 100, 1, 2}, DType.I8, Shape.of(2, 2), CPU);
        assertArrayEquals(new long[] {(byte) 10100, (byte) 10200, 102, 104},
                a.matmul(a).to(DType.I64).toLongArray());
        Tensor h = random(DType.F32, 5, 33, 20);
        Tensor w = random(DType.F32, 20, 7);
        near(h.matmul(w), h.to(DType.F16).matmul(w.to(DType.F16)).to(DType.F32), 2e-2);
    }
}
