package dev.tenon.backend.cuda;

import static dev.tenon.backend.cuda.Fakes.number;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Replay;
import dev.tenon.backend.cuda.Fakes.Place;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Products by a library: what it is given, and what comes after it.
class MatMulKernelTest {
    private static final int N = 64;
    private static final long BYTES = 4L * N * N;
    private static final TensorType TYPE = TensorType.of(DType.F32, Shape.of(N, N));

    private final FakeDriver driver = new FakeDriver();
    private final List<Integer> alignments = new ArrayList<>();
    private final CudaRuntime runtime = Fakes.runtime(driver, 0, false, this::plan);

    /// A library whose product is the sum of both operands and of the bias along each row; it uses its scratch memory.
    private Optional<Product> plan(MatMulForm form, int alignment) {
        return Optional.of(new Product() {
            @Override
            public long workspaceBytes() {
                return 8;
            }

            @Override
            public void run(long stream, long left, long right, long bias, long result, long workspace) {
                alignments.add(alignment);
                assertEquals(form.epilogue().hasBias(), bias != 0);
                driver.enqueue(stream, () -> {
                    FakeDriver.at(workspace, 8).fill((byte) -1);
                    for (int i = 0; i < N * N; i++) {
                        float b = bias == 0 ? 0 : number(bias, i % N);
                        FakeDriver.at(result, BYTES).setAtIndex(ValueLayout.JAVA_FLOAT, i,
                                number(left, i) + number(right, i) + b);
                    }
                });
            }
        });
    }

    private Place filled(long offset, int elements, float first) {
        return Fakes.filled(runtime, offset, elements, first);
    }

    private float[] read(Operand o) {
        return Fakes.read(runtime, o, N * N);
    }

    private static float[] sums(int bias, float factor) {
        float[] v = new float[N * N];
        for (int i = 0; i < v.length; i++) {
            v[i] = (2 * i + 100 + (bias == 0 ? 0 : bias + i % N)) * factor;
        }
        return v;
    }

    private Kernel kernel(MatMulOp op, TensorType... in) {
        List<TensorType> types = List.of(in);
        Kernel k = runtime.prepare(op, types, op.infer(types)).orElseThrow();
        assertInstanceOf(MatMulKernel.class, k);
        return k;
    }

    private Place workspace(Kernel k) {
        return new Place(runtime.allocate(k.workspaceBytes() + 256), 256);
    }

    @Test
    void productsAndBiasAreTheLibrarys() {
        Place y = filled(0, N * N, 0);
        Kernel plain = kernel(MatMulOp.PLAIN, TYPE, TYPE);
        List<Place> operands = List.of(filled(0, N * N, 0), filled(0, N * N, 100));
        plain.run(runtime.defaultStream(), operands, List.of(y), workspace(plain), Scalars.NONE);
        assertArrayEquals(sums(0, 1), read(y));
        Expr sum = Exprs.add(new Expr.Input(0, Kind.F32), Exprs.in(1, DType.F32));
        Kernel biased = kernel(new MatMulOp(Optional.of(Lambda.of(sum, DType.F32)), Scalars.NONE), TYPE, TYPE,
                TensorType.of(DType.F32, Shape.of(N)));
        biased.run(runtime.defaultStream(), List.of(operands.get(0), operands.get(1), filled(0, N, 7)), List.of(y),
                workspace(biased), Scalars.NONE);
        assertArrayEquals(sums(7, 1), read(y));
        assertEquals(List.of(), driver.launches);
    }

    @Test
    void operandsOffTheGridTakeTheOtherPlan() {
        Kernel plain = kernel(MatMulOp.PLAIN, TYPE, TYPE);
        Place y = filled(0, N * N, 0);
        for (long offset : new long[] {256, 4}) {
            plain.run(runtime.defaultStream(), List.of(filled(offset, N * N, 0), filled(0, N * N, 100)), List.of(y),
                    workspace(plain), Scalars.NONE);
            assertArrayEquals(sums(0, 1), read(y));
        }
        assertEquals(List.of(16, 4), alignments);
    }

    /// `product * number`: an epilogue that the library does not know.
    private Kernel scaled() {
        driver.kernels.put("map_packed", a -> {
            long factor = a.containsKey("p0_f32") ? a.get("p0_f32")
                    : FakeDriver.at(a.get("at_p0_f32"), 8).get(ValueLayout.JAVA_LONG, 0);
            for (int i = 0; i < N * N; i++) {
                FakeDriver.at(a.get("y0") + 4 * a.get("o_y0"), BYTES).setAtIndex(ValueLayout.JAVA_FLOAT, i,
                        number(a.get("x0") + 4 * a.get("o_x0"), i) * Float.intBitsToFloat((int) factor));
            }
        });
        Expr product = Exprs.mul(new Expr.Input(0, Kind.F32), new Expr.Param(Kind.F32, 0));
        return kernel(new MatMulOp(Optional.of(Lambda.of(product, DType.F32)), Scalars.of(0)), TYPE, TYPE);
    }

    @Test
    void otherEpiloguesReadTheProductFromScratchMemory() {
        Kernel k = scaled();
        assertTrue(k.workspaceBytes() >= BYTES + 8);
        Place y = filled(0, N * N, 0);
        k.run(runtime.defaultStream(), List.of(filled(0, N * N, 0), filled(0, N * N, 100)), List.of(y), workspace(k),
                Scalars.of(3));
        assertArrayEquals(sums(0, 3), read(y));
    }

    @Test
    void bothKindsAreRecordedAsOneKernelEach() {
        Kernel plain = kernel(MatMulOp.PLAIN, TYPE, TYPE);
        Kernel k = scaled();
        List<Place> operands = List.of(filled(0, N * N, 0), filled(0, N * N, 100));
        Place first = filled(0, N * N, 0);
        Place second = filled(0, N * N, 0);
        Place w1 = workspace(plain);
        Place w2 = workspace(k);
        Replay r = runtime.record(s -> {
            plain.run(s, operands, List.of(first), w1, Scalars.NONE);
            k.run(s, operands, List.of(second), w2, Scalars.of(1));
        }).orElseThrow();
        assertEquals(2, alignments.size(), "only the recording itself calls the library");
        r.run(runtime.defaultStream(), List.of(Scalars.NONE, Scalars.of(5)));
        assertArrayEquals(sums(0, 1), read(first));
        assertArrayEquals(sums(0, 5), read(second));
        assertEquals(2, alignments.size());
    }
}
