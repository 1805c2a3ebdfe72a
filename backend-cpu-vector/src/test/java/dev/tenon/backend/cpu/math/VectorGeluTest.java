package dev.tenon.backend.cpu.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

/// GELU and the normal distribution function in one pass, held against double precision.
class VectorGeluTest {
    private static final int N = 1 << 14;
    private static final long A = Arena.global().allocate(N * 4L, 64).address();
    private static final long B = Arena.global().allocate(N * 4L, 64).address();
    private static final long C = Arena.global().allocate(N * 4L, 64).address();

    private static double normal(double x) {
        return ScalarMath.erfc(-x * Math.sqrt(0.5)) / 2;
    }

    @Test
    void errorsOverAllExponents() {
        for (long bits = 0; bits < 1L << 32; ) {
            int n = 0;
            for (; n < N - 3 && bits < 1L << 32; bits += 1 << 11 | 1) {
                Mem.putInt(A + 4L * n++, (int) bits);
            }
            VectorGelu.gelu(A, B, n);
            VectorGelu.normal(A, C, n);
            for (int i = 0; i < n; i++) {
                check(Mem.getFloat(A + 4L * i), Mem.getFloat(B + 4L * i), Mem.getFloat(C + 4L * i));
            }
        }
    }

    private static void check(float x, float gelu, float normal) {
        if (Float.isNaN(x)) {
            assertTrue(Float.isNaN(gelu) && Float.isNaN(normal));
            return;
        }
        double phi = normal(x);
        assertEquals(phi, normal, 2e-7, "distribution function of " + x);
        if (Float.isFinite(x)) {
            double bound = x > 0 ? 4e-7 * phi * x + Float.MIN_VALUE : Math.min(6e-7, -4e-7 * x) + Float.MIN_VALUE;
            assertEquals(x * phi, gelu, bound, "GELU of " + x);
        }
    }

    @Test
    void specialValues() {
        float[] x = {0f, -0f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -5.5f, -1e30f, Float.NaN};
        float[] gelu = {0f, -0f, Float.POSITIVE_INFINITY, Float.NaN, 0f, 0f, Float.NaN};
        float[] normal = {0.5f, 0.5f, 1f, 0f, 0f, 0f, Float.NaN};
        for (int i = 0; i < x.length; i++) {
            Mem.putFloat(A + 4L * i, x[i]);
        }
        VectorGelu.gelu(A, B, x.length);
        VectorGelu.normal(A, C, x.length);
        for (int i = 0; i < x.length; i++) {
            assertEquals(gelu[i], Mem.getFloat(B + 4L * i), 0, "GELU of " + x[i]);
            assertEquals(normal[i], Mem.getFloat(C + 4L * i), 0, "distribution function of " + x[i]);
        }
    }

    /// The op, and the distribution function within another expression, through rows that are no multiple of a vector
    /// and strides.
    @Test
    void asStepsOfExpressions() {
        Device cpu = Device.of("cpu");
        Tensor wide = Tensors.arange(-600, 600, 1, DType.F64, cpu).div(100).reshape(Shape.of(40, 30)).t();
        Tensor x = wide.to(DType.F32);
        assertTrue(x.gelu().to(DType.F64).sub(wide.gelu()).abs().max().item() < 3e-6);
        Tensor got = share(DType.F32, x, x.neg()).to(DType.F64);
        assertTrue(got.sub(share(DType.F64, wide, wide.neg())).abs().max().item() < 3e-6);
    }

    /// Φ(x) y + x.
    private static Tensor share(DType d, Tensor x, Tensor y) {
        Expr in = Exprs.in(0, d);
        Expr phi = Exprs.mul(Exprs.add(Exprs.unary(dev.tenon.api.op.UnaryFn.ERF, Exprs.mul(in, Math.sqrt(0.5))), 1),
                0.5);
        Expr e = Exprs.add(Exprs.mul(phi, Exprs.in(1, d)), in);
        return Dispatcher.apply(MapOp.of("share", Lambda.of(e, d)), List.of(x, y)).getFirst();
    }
}
