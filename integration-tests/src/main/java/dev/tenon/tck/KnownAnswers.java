package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.WindowGeometry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// Numbers from outside: published vectors and values worked out by hand, which do not depend on the reference backend.
final class KnownAnswers {
    private final Device device;
    private final SupportMatrix matrix;

    KnownAnswers(Device device, SupportMatrix matrix) {
        this.device = device;
        this.matrix = matrix;
    }

    List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        // Random123's kat_vectors for philox4x32-10: counter, key, result.
        cases.add(new Case("Philox of zeros", () -> philox(0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)));
        cases.add(new Case("Philox of ones", () -> philox(-1, -1, -1, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)));
        cases.add(new Case("Philox of the digits of pi", () -> philox(0x299f31d0_a4093822L, 0x03707344_13198a2eL,
                0x85a308d3_243f6a88L, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)));
        cases.add(new Case("functions", this::functions));
        cases.add(new Case("integers wrap", this::integers));
        cases.add(new Case("half precision", this::half));
        cases.add(new Case("matrix product", this::product));
        cases.add(new Case("convolution", this::convolution));
        cases.add(new Case("reductions", this::reductions));
        cases.add(new Case("sorting", this::sorting));
        cases.add(new Case("random numbers are spread as they should be", this::random));
        return cases;
    }

    private void philox(long seed, long stream, long counter, int... expected) {
        try (Scope _ = Scope.open()) {
            for (int word = 0; word < 4; word++) {
                Expr e = new Expr.Random(new Expr.Param(Kind.I64, 0), new Expr.Param(Kind.I64, 1),
                        new Expr.Param(Kind.I64, 2), word);
                // Several elements, so that the vector part and the rest both are asked.
                MapOp op = new MapOp("random_bits", Lambda.of(e, DType.I32), Shape.of(37),
                        Scalars.ofBits(seed, stream, counter));
                for (int got : Dispatcher.create(op, device).toIntArray()) {
                    assertEquals(Integer.toHexString(expected[word]), Integer.toHexString(got), "word " + word);
                }
            }
        }
    }

    private boolean has(String op) {
        return matrix.limitation(op, DType.F64).isEmpty();
    }

    private Tensor vector(double... v) {
        Assumptions.assumeTrue(matrix.limitation("*", DType.F64).isEmpty(), "f64 is declared a limitation");
        return Tensors.of(v, Shape.of(v.length), device);
    }

    private void functions() {
        try (Scope _ = Scope.open()) {
            Tensor x = vector(0, 0.5, 1, 2);
            close(x.exp(), 1, 1.6487212707001282, 2.718281828459045, 7.38905609893065);
            close(x.erf(), 0, 0.5204998778130465, 0.8427007929497149, 0.9953222650189527);
            close(x.tanh(), 0, 0.46211715726000975, 0.7615941559557649, 0.9640275800758169);
            close(x.sigmoid(), 0.5, 0.6224593312018546, 0.7310585786300049, 0.8807970779778823);
            close(x.sin(), 0, 0.479425538604203, 0.8414709848078965, 0.9092974268256817);
            if (has("lgamma")) {
                close(x.add(1.0).lgamma(), 0, -0.12078223763524522, 0, 0.6931471805599453);
            }
            if (has("digamma")) {
                close(x.add(1.0).digamma(), -0.5772156649015329, 0.03648997397857652, 0.42278433509846714,
                        0.9227843350984671);
            }
            close(x.gelu(), 0, 0.34573123063700656, 0.8413447460685429, 1.9544997361036416);
            close(x.softmax(0), 0.07839411721683971, 0.12925004855316277, 0.21309730428862375,
                    0.5792585299413737);
            assertTrue(Double.isNaN(vector(-1).sqrt().item()));
            assertEquals(Double.NEGATIVE_INFINITY, vector(0).log().item());
            assertEquals(Double.NEGATIVE_INFINITY, vector(-0.0).reciprocal().item());
        }
    }

    private static void close(Tensor t, double... expected) {
        assertArrayEquals(expected, t.toDoubleArray(), 1e-14);
    }

    private void integers() {
        try (Scope _ = Scope.open()) {
            Tensor i = Tensors.of(new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -7, 7}, Shape.of(4), device);
            assertArrayEquals(new int[] {Integer.MIN_VALUE, Integer.MIN_VALUE + 1, -6, 8}, i.add(1L).toIntArray());
            assertArrayEquals(new int[] {1073741823, -1073741824, -4, 3}, i.floorDivide(2L).toIntArray());
            assertArrayEquals(new int[] {1, 0, 1, 1}, i.remainder(2L).toIntArray());
            assertArrayEquals(new int[] {1, 0, -1, 1}, i.fmod(2L).toIntArray());
            assertArrayEquals(new int[] {0, 0, 0, 0}, i.floorDivide(0L).toIntArray());
            Tensor b = Tensors.of(new byte[] {127, -128, -1, 0}, DType.I8, Shape.of(4), device);
            assertArrayEquals(new long[] {-128, -127, 0, 1}, b.add(1L).toLongArray());
            Tensor u = Tensors.of(new byte[] {-1, 0, 1, 100}, DType.U8, Shape.of(4), device);
            assertArrayEquals(new long[] {255, 0, 1, 100}, u.toLongArray());
            assertArrayEquals(new long[] {1, 2, 3, 102}, u.add(2L).toLongArray());
            assertArrayEquals(new long[] {-1, 0, 2, 0}, vector(-1.9, Double.NaN, 2.9, -0.5).toLongArray());
            assertArrayEquals(new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE}, vector(1e20, -1e20).toIntArray());
        }
    }

    private void half() {
        try (Scope _ = Scope.open()) {
            Tensor x = vector(65504, 65520, 1 + 0x1p-11, 1 + 3 * 0x1p-11, 0x1p-24, 0x1p-25);
            assertArrayEquals(new double[] {65504, Double.POSITIVE_INFINITY, 1, 1 + 0x1p-9, 0x1p-24, 0},
                    x.to(DType.F16).toDoubleArray());
            Tensor y = vector(1 + 0x1p-8, 1 + 3 * 0x1p-8, 3.4e38, 1e-40);
            double[] b = y.to(DType.BF16).toDoubleArray();
            assertEquals(1, b[0]);
            assertEquals(1 + 0x1p-6, b[1]);
            assertTrue(b[2] > 3.3e38);
            // Ten thousand times one in half precision: only a wider accumulator gets there.
            assertEquals(8192, Tensors.ones(Shape.of(8192), DType.F16, device).sum().item());
            Tensor long16 = Tensors.ones(Shape.of(1, 4096), DType.BF16, device);
            assertEquals(4096, long16.matmul(long16.t()).item());
        }
    }

    private void product() {
        try (Scope _ = Scope.open()) {
            Tensor a = Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, Shape.of(2, 3), device);
            assertArrayEquals(new float[] {14, 32, 32, 77}, a.matmul(a.t()).toFloatArray());
            assertArrayEquals(new float[] {17, 22, 27, 22, 29, 36, 27, 36, 45}, a.t().matmul(a).toFloatArray());
            // The sum of no products is zero.
            assertArrayEquals(new float[6], a.narrow(1, 0, 0).matmul(a.narrow(0, 0, 0)).toFloatArray());
        }
    }

    private void convolution() {
        try (Scope _ = Scope.open()) {
            Tensor x = Tensors.arange(0, 16, 1, DType.F32, device).reshape(1, 1, 4, 4);
            Tensor w = Tensors.of(new float[] {1, 0, 0, -1}, Shape.of(1, 1, 2, 2), device);
            Tensor y = Dispatcher.run(new Convolution(WindowGeometry.of(2, 1, 0, 1), 1), x, w);
            assertArrayEquals(new float[] {-5, -5, -5, -5, -5, -5, -5, -5, -5}, y.toFloatArray());
            Tensor padded = Dispatcher.run(new Convolution(WindowGeometry.of(2, 3, 1, 1), 1), x, w);
            // Windows at -1 and 2: all but the last begin in the padding.
            assertArrayEquals(new float[] {0, -3, -12, 10 - 15}, padded.toFloatArray());
        }
    }

    private void reductions() {
        try (Scope _ = Scope.open()) {
            Tensor x = Tensors.of(new float[] {3, 1, 2, 3, Float.NaN, 0}, Shape.of(2, 3), device);
            assertArrayEquals(new float[] {6, Float.NaN}, x.sum(1).toFloatArray());
            assertArrayEquals(new long[] {0, 1}, x.argmax(1, false).toLongArray());
            assertArrayEquals(new long[] {1, 1}, x.argmin(1, false).toLongArray());
            assertArrayEquals(new float[] {3, Float.NaN, 2}, x.amax(new int[] {0}, false).toFloatArray());
            assertArrayEquals(new long[] {0, 1, 0}, x.argmax(0, false).toLongArray());
            assertEquals(1, Tensors.zeros(Shape.of(0), DType.F32, device).prod().item());
            assertEquals(DType.I64, Tensors.ones(Shape.of(3), DType.BOOL, device).sum().dtype());
        }
    }

    private void sorting() {
        try (Scope _ = Scope.open()) {
            Tensor x = vector(2, Double.NaN, -1, 2, Double.POSITIVE_INFINITY, -0.0, 0.0);
            assertArrayEquals(new long[] {2, 5, 6, 0, 3, 4, 1}, x.argsort(0, false).toLongArray());
            assertArrayEquals(new long[] {1, 4, 0, 3, 5, 6, 2}, x.argsort(0, true).toLongArray());
        }
    }

    private void random() {
        try (Scope _ = Scope.open()) {
            Tensor u = Tensors.rand(Shape.of(20_000), DType.F32, device, new Generator(3));
            assertEquals(0.5, u.mean().item(), 0.01);
            assertTrue(u.min().item() >= 0 && u.max().item() < 1);
            Tensor n = Tensors.randn(Shape.of(20_000), DType.F32, device, new Generator(4));
            assertEquals(0, n.mean().item(), 0.03);
            assertEquals(1, n.std().item(), 0.03);
            Tensor again = Tensors.rand(Shape.of(20_000), DType.F32, device, new Generator(3));
            assertTrue(u.eq(again).all().itemLong() == 1, "the same seed gives the same numbers");
            Generator g = new Generator(3);
            Tensors.rand(Shape.of(10), DType.F32, device, g);
            Tensor next = Tensors.rand(Shape.of(20_000), DType.F32, device, g);
            assertEquals(0, u.eq(next).sum().itemLong(), 100, "the next stream gives others");
        }
    }
}
