package dev.tenon.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Broadcasting and promotion, by NumPy's and PyTorch's rules.
class BroadcastingTest {

    @Test
    void randomShapesAgainstBruteForce() {
        Random random = new Random(8);
        for (int round = 0; round < 200; round++) {
            int rank = random.nextInt(5);
            long[] full = random.longs(rank, 0, 5).toArray();
            Tensor a = operand(random, full);
            Tensor b = operand(random, full);
            Shape shape = Shape.broadcast("test", a.shape(), b.shape());
            Tensor sum = a.add(b);
            assertEquals(shape, sum.shape());
            float[] got = sum.toFloatArray();
            float[] x = a.toFloatArray();
            float[] y = b.toFloatArray();
            for (int i = 0; i < got.length; i++) {
                assertEquals(x[at(i, shape, a.shape())] + y[at(i, shape, b.shape())], got[i]);
            }
        }
    }

    private static Tensor operand(Random random, long[] full) {
        int rank = random.nextInt(full.length + 1);
        long[] dims = new long[rank];
        for (int i = 0; i < rank; i++) {
            dims[i] = random.nextInt(3) == 0 ? 1 : full[full.length - rank + i];
        }
        Shape s = Shape.of(dims);
        return Tensors.arange(0, s.elements(), 1, DType.F32, Device.getDefault()).reshape(s);
    }

    /// The row-major position in a tensor of one shape of the element at a row-major position of what it broadcasts to.
    private static int at(long position, Shape shape, Shape operand) {
        long p = 0;
        long pitch = 1;
        for (int a = 1; a <= shape.rank(); a++) {
            long i = position % shape.dim(-a);
            position /= shape.dim(-a);
            if (a <= operand.rank()) {
                p += operand.dim(-a) == 1 ? 0 : i * pitch;
                pitch *= operand.dim(-a);
            }
        }
        return Math.toIntExact(p);
    }

    @Test
    void emptyAxesBroadcastWithOnes() {
        assertEquals(Shape.of(0, 3), Tensors.zeros(0, 3).add(Tensors.zeros(1, 3)).shape());
        assertEquals(Shape.of(4, 0), Tensors.zeros(4, 1).mul(Tensors.zeros(0)).shape());
        assertThrows(TensorException.class, () -> Tensors.zeros(0).add(Tensors.zeros(2)));
    }

    @Test
    void inPlaceNeverGrows() {
        Tensor x = Tensors.zeros(2, 3);
        x.add_(Tensors.of(1f, 2f, 3f));
        assertArrayEquals(new float[] {1, 2, 3, 1, 2, 3}, x.toFloatArray());
        assertThrows(TensorException.class, () -> Tensors.zeros(3).add_(x));
    }

    /// As PyTorch answers: `(torch.ones(2, dtype=a) + torch.ones(2, dtype=b)).dtype`.
    @ParameterizedTest
    @CsvSource({
        "bool,bool,bool", "bool,u8,u8", "u8,i8,i16", "u8,i16,i16", "i8,i32,i32", "i32,i64,i64", "i64,f16,f16",
        "i64,f32,f32", "bool,bf16,bf16", "f16,bf16,f32", "f16,f32,f32", "bf16,f64,f64", "u8,f16,f16", "i16,i8,i16"
    })
    void promotion(String a, String b, String expected) {
        Tensor x = Tensors.ones(Shape.of(2), DType.of(a), Device.getDefault());
        Tensor y = Tensors.ones(Shape.of(2), DType.of(b), Device.getDefault());
        assertEquals(DType.of(expected), x.add(y).dtype());
        assertEquals(DType.of(expected), y.add(x).dtype());
    }

    /// Scalars, with and without axes of their own, matter only where their category is higher.
    @ParameterizedTest
    @CsvSource({"u8,i64,u8", "i8,f64,f64", "f16,f64,f16", "i32,f16,f16", "bool,i8,i8", "f32,i64,f32"})
    void promotionWithScalarTensors(String a, String b, String expected) {
        Tensor x = Tensors.ones(Shape.of(2), DType.of(a), Device.getDefault());
        Tensor y = Tensors.ones(Shape.SCALAR, DType.of(b), Device.getDefault());
        assertEquals(DType.of(expected), x.add(y).dtype());
        assertEquals(DType.of(expected), y.add(x).dtype());
    }

    @Test
    void promotionWithNumbers() {
        Tensor u8 = Tensors.ones(Shape.of(2), DType.U8, Device.getDefault());
        assertEquals(DType.U8, u8.add(1L).dtype());
        assertEquals(DType.F32, u8.add(1.0).dtype());
        assertEquals(DType.F16, u8.to(DType.F16).add(1.0).dtype());
        assertEquals(DType.I64, u8.to(DType.BOOL).add(1L).dtype());
        assertEquals(DType.F32, u8.div(u8).dtype());
    }
}
