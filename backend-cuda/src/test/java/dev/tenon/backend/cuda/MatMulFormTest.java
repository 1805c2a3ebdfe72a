package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.backend.cuda.MatMulForm.Epilogue;
import dev.tenon.backend.cuda.MatMulForm.Matrix;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class MatMulFormTest {
    private static final Expr PRODUCT = new Expr.Input(0, Kind.F32);

    private static TensorType f32(long... dims) {
        return TensorType.of(DType.F32, Shape.of(dims));
    }

    private static TensorType strided(Shape shape, long... strides) {
        return TensorType.of(DType.F32, shape, strides);
    }

    private static Optional<MatMulForm> form(TensorType a, TensorType b) {
        return MatMulForm.of(MatMulOp.PLAIN, List.of(a, b), MatMulOp.PLAIN.infer(List.of(a, b)));
    }

    /// An element of a matrix as BLAS reads it: columns one after the other.
    private static double element(double[] data, Matrix m, long batch, long row, long column) {
        long i = m.transposed() ? column : row;
        long j = m.transposed() ? row : column;
        return data[Math.toIntExact(batch * m.batchStride() + i + j * m.lead())];
    }

    /// What BLAS makes of a form.
    private static double[] blas(MatMulForm f, double[] left, double[] right) {
        double[] result = new double[Math.toIntExact(f.batch() * f.m() * f.n())];
        for (int s = 0; s < f.batch(); s++) {
            for (int row = 0; row < f.n(); row++) {
                for (int column = 0; column < f.m(); column++) {
                    double sum = 0;
                    for (int q = 0; q < f.k(); q++) {
                        sum += element(right, f.right(), s, row, q) * element(left, f.left(), s, q, column);
                    }
                    result[Math.toIntExact(s * f.m() * f.n() + row + column * f.n())] = sum;
                }
            }
        }
        return result;
    }

    private static double at(double[] data, long[] strides, long... index) {
        long at = 0;
        for (int i = 0; i < index.length; i++) {
            at += strides[i] * index[i];
        }
        return data[Math.toIntExact(at)];
    }

    private static void check(TensorType a, TensorType b) {
        Optional<MatMulForm> form = form(a, b);
        assertTrue(form.isPresent(), () -> a + " x " + b);
        Shape out = MatMulOp.PLAIN.infer(List.of(a, b)).getFirst().shape();
        long batch = out.rank() > 2 ? out.dim(0) : 1;
        double[] left = new double[200];
        double[] right = new double[200];
        for (int i = 0; i < 200; i++) {
            left[i] = i * 7 % 13;
            right[i] = i * 5 % 11;
        }
        long[] sa = a.broadcastStrides(Shape.of(batch, out.dim(-2), a.shape().dim(-1)));
        long[] sb = b.broadcastStrides(Shape.of(batch, b.shape().dim(-2), out.dim(-1)));
        double[] expected = new double[Math.toIntExact(batch * out.dim(-2) * out.dim(-1))];
        int at = 0;
        for (int s = 0; s < batch; s++) {
            for (int i = 0; i < out.dim(-2); i++) {
                for (int j = 0; j < out.dim(-1); j++) {
                    for (int q = 0; q < a.shape().dim(-1); q++) {
                        expected[at] += at(left, sa, s, i, q) * at(right, sb, s, q, j);
                    }
                    at++;
                }
            }
        }
        assertArrayEquals(expected, blas(form.get(), left, right), () -> a + " x " + b + ": " + form.get());
    }

    @Test
    void everyLayoutThatBlasKnowsGivesTheProduct() {
        Shape a = Shape.of(4, 3);
        Shape b = Shape.of(3, 5);
        TensorType[] lefts = {f32(4, 3), strided(a, 1, 4), strided(a, 7, 1), strided(a, 1, 9)};
        TensorType[] rights = {f32(3, 5), strided(b, 1, 3), strided(b, 6, 1), strided(b, 1, 8)};
        for (TensorType l : lefts) {
            for (TensorType r : rights) {
                check(l, r);
            }
        }
        check(f32(2, 4, 3), f32(2, 3, 5));
        check(f32(2, 4, 3), f32(3, 5));
        check(f32(4, 3), strided(Shape.of(2, 3, 5), 20, 1, 3));
        check(f32(1, 3), f32(3, 5));
        check(f32(4, 3), f32(3, 1));
        check(f32(4, 1), f32(1, 5));
        check(strided(Shape.of(1, 3), 100, 1), f32(3, 1));
    }

    @Test
    void otherLayoutsAndDtypesAreLeftToOurKernels() {
        assertTrue(form(strided(Shape.of(4, 3), 6, 2), f32(3, 5)).isEmpty());
        assertTrue(form(strided(Shape.of(4, 3), 3, -1), f32(3, 5)).isEmpty());
        assertTrue(form(strided(Shape.of(4, 3), 1, 1), f32(3, 5)).isEmpty());
        assertTrue(form(strided(Shape.of(2, 2, 4, 3), 12, 100, 3, 1), f32(3, 5)).isEmpty());
        assertTrue(form(f32(4, 0), f32(0, 5)).isEmpty());
        TensorType i32 = TensorType.of(DType.I32, Shape.of(4, 4));
        assertTrue(form(i32, i32).isEmpty());
        assertFalse(form(f32(4, 3), f32(3, 5)).orElseThrow().isWorthwhile());
        assertTrue(form(f32(512, 512), f32(512, 512)).orElseThrow().isWorthwhile());
    }

    private static MatMulForm form(DType dtype, TensorType extra, Expr body) {
        TensorType a = TensorType.of(dtype, Shape.of(8, 8));
        MatMulOp op = new MatMulOp(Optional.of(Lambda.of(body, dtype)), Scalars.NONE);
        List<TensorType> in = extra.rank() == 0 ? List.of(a, a) : List.of(a, a, extra);
        return MatMulForm.of(op, in, op.infer(in)).orElseThrow();
    }

    @Test
    void epiloguesThatBlasKnowsAreRecognised() {
        TensorType none = f32();
        TensorType bias = f32(8);
        Expr sum = Exprs.add(PRODUCT, Exprs.in(1, DType.F32));
        Expr relu = Exprs.select(Exprs.binary(BinaryFn.LE, sum, Exprs.like(sum, 0)), Exprs.like(sum, 0), sum);
        assertEquals(Epilogue.BIAS, form(DType.F32, bias, sum).epilogue());
        assertEquals(Epilogue.BIAS,
                form(DType.F32, bias, Exprs.add(Exprs.in(1, DType.F32), PRODUCT)).epilogue());
        assertEquals(Epilogue.RELU_BIAS, form(DType.F32, bias, relu).epilogue());
        assertEquals(Epilogue.RELU, form(DType.F32, none,
                Exprs.select(Exprs.binary(BinaryFn.LE, PRODUCT, Exprs.like(PRODUCT, 0)), Exprs.like(PRODUCT, 0),
                        PRODUCT)).epilogue());
        MatMulForm half = form(DType.BF16, TensorType.of(DType.BF16, Shape.of(8)),
                Exprs.add(PRODUCT, Exprs.in(1, DType.BF16)));
        assertEquals(Epilogue.BIAS, half.epilogue());
        assertEquals(DType.BF16, half.result());
    }

    @Test
    void otherEpiloguesTakeTheProductAsItWasAccumulated() {
        Expr sum = Exprs.add(PRODUCT, Exprs.in(1, DType.F16));
        MatMulForm residual = form(DType.F16, TensorType.of(DType.F16, Shape.of(8, 8)), sum);
        assertTrue(residual.ownEpilogue());
        assertEquals(DType.F32, residual.result());
        assertEquals(Epilogue.NONE, residual.epilogue());
        assertTrue(form(DType.F32, f32(8), Exprs.mul(PRODUCT, Exprs.in(1, DType.F32))).ownEpilogue());
        assertTrue(form(DType.F32, f32(8, 1), Exprs.add(PRODUCT, Exprs.in(1, DType.F32))).ownEpilogue());
    }

    /// The descriptors of the real library, which it makes without a device.
    @Test
    void theLibraryTakesOurDescriptions() {
        NativeLibrary library = CublasLt.find().library();
        Assumptions.assumeTrue(library != null, () -> CublasLt.find().reason());
        assertNotNull(library);
        for (DType dtype : List.of(DType.F32, DType.F64, DType.F16, DType.BF16)) {
            TensorType a = TensorType.of(dtype, Shape.of(2, 64, 64));
            MatMulForm f = MatMulForm.of(MatMulOp.PLAIN, List.of(a, a), List.of(a)).orElseThrow();
            assertTrue(new CublasLt.Descriptors(library, f).desc.address() != 0);
        }
    }
}
