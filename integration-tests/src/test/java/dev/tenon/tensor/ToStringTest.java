package dev.tenon.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import org.junit.jupiter.api.Test;

/// Tensors print as NumPy's arrays do.
class ToStringTest {
    private final Device cpu = Device.of("cpu");

    private Tensor of(Shape shape, float... values) {
        return Tensors.of(values, shape, cpu);
    }

    @Test
    void vectorsAndScalars() {
        assertEquals("tensor([1., 2., 3.])", of(Shape.of(3), 1, 2, 3).toString());
        assertEquals("tensor([0.5000, -1.2500])", of(Shape.of(2), 0.5f, -1.25f).toString().replace("[ ", "["));
        assertEquals("tensor(3.5000)", of(Shape.SCALAR, 3.5f).toString());
        assertEquals("tensor([0, 1, 2])", Tensors.arange(0, 3, 1, DType.I64, cpu).toString());
        assertEquals("tensor([0, 1, 2], i32)", Tensors.arange(0, 3, 1, DType.I32, cpu).toString());
    }

    @Test
    void matricesAlignTheirColumns() {
        assertEquals("""
                tensor([[ 1., -2.],
                        [30.,  4.]])""", of(Shape.of(2, 2), 1, -2, 30, 4).toString());
        assertEquals("""
                tensor([[[0, 1]],

                        [[2, 3]]])""", Tensors.arange(0, 4, 1, DType.I64, cpu).reshape(2, 1, 2).toString());
        assertEquals("tensor([[0, 2],\n        [1, 3]])",
                Tensors.arange(0, 4, 1, DType.I64, cpu).reshape(2, 2).t().toString());
    }

    @Test
    void specialValues() {
        String s = of(Shape.of(4), Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1).toString();
        assertTrue(s.contains("nan") && s.contains(" inf") && s.contains("-inf") && s.contains("1."), s);
        assertTrue(of(Shape.of(2), 1e-10f, 1e10f).toString().contains("1.0000e-10"));
        String flags = Tensors.of(new byte[] {1, 0}, DType.BOOL, Shape.of(2), cpu).toString();
        assertTrue(flags.contains("true") && flags.contains("false"), flags);
    }

    @Test
    void emptyOnes() {
        assertEquals("tensor([])", of(Shape.of(0)).toString());
        assertTrue(of(Shape.of(0, 3)).toString().contains("shape=[0, 3]"));
    }

    @Test
    void longOnesAreShortened() {
        String s = Tensors.arange(0, 5000, 1, DType.I64, cpu).toString();
        assertEquals("tensor([   0,    1,    2, ..., 4997, 4998, 4999])", s);
        String matrix = Tensors.zeros(Shape.of(100, 100), DType.F32, cpu).toString();
        assertTrue(matrix.lines().count() < 12 && matrix.contains("..."), matrix);
    }

    @Test
    void elsewhereTheDeviceIsShown() {
        assertTrue(Tensors.ones(Shape.of(2), DType.F64, Device.of("reference")).toString().endsWith(
                "], f64, reference:0)"));
        assertTrue(of(Shape.of(1), 1).requiresGrad(true).toString().contains("requiresGrad"));
    }
}
