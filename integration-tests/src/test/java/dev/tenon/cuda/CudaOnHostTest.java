package dev.tenon.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.KernelPlan;
import dev.tenon.kernel.KernelSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What CUDA's kernels have and OpenCL's have not, run on the processor: values exchanged within warps, and loads and
/// stores of 16 bytes.
class CudaOnHostTest {
    private static final KernelSource SOURCE = new KernelSource(
            CudaDialect.INSTANCE, new DeviceTraits(false, true, 1024, 48 << 10, 1, 1, true));

    @TempDir
    private Path folder;

    @BeforeEach
    void needsACompiler() {
        Assumptions.assumeTrue(HostKernel.available(), "no C++ compiler on the PATH");
    }

    private static KernelPlan plan(Op op, TensorType... in) {
        List<TensorType> types = List.of(in);
        return SOURCE.plan(op, types, op.infer(types)).orElseThrow();
    }

    private static MemorySegment floats(Arena arena, long offset, float... values) {
        MemorySegment m = arena.allocate(4L * values.length + offset, 64).asSlice(offset);
        MemorySegment.copy(values, 0, m, JAVA_FLOAT_UNALIGNED, 0, values.length);
        return m;
    }

    private static float[] numbers(int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = i * 37 % 101 - 50;
        }
        return v;
    }

    @Test
    void contiguousMapsTakePacksWhereverTheyBeginAndEnd() throws Exception {
        int n = 5003;
        Expr scaled = Exprs.add(Exprs.mul(Exprs.in(0, DType.F32), new Expr.Param(Kind.F32, 0)), Exprs.in(1, DType.F32));
        MapOp op = MapOp.of("scale", Lambda.of(scaled, DType.F32), Scalars.of(0));
        KernelPlan plan = plan(op, TensorType.of(DType.F32, Shape.of(n)), TensorType.of(DType.F32, Shape.of(n)));
        assertEquals("map_packed", plan.kernels().getFirst().entry());
        float[] x = numbers(n);
        float[] expected = new float[n];
        for (int i = 0; i < n; i++) {
            expected[i] = x[i] * 2.5f + x[i];
        }
        for (long offset : new long[] {0, 4}) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment a = floats(arena, 0, x);
                MemorySegment y = floats(arena, offset, new float[n + 1]);
                y.setAtIndex(JAVA_FLOAT_UNALIGNED, n, 77);
                HostKernel.run(plan, folder, List.of(a, floats(arena, offset, x)), List.of(y),
                        Float.floatToRawIntBits(2.5f), offset != 0);
                float[] got = y.toArray(JAVA_FLOAT_UNALIGNED);
                assertEquals(77, got[n], "nothing is written past the end");
                assertArrayEquals(expected, Arrays.copyOf(got, n));
            }
        }
    }

    private float reduced(Reducer reducer, float... x) throws Exception {
        KernelPlan plan = plan(new ReduceOp(reducer, List.of(0), false, Lambda.identity(DType.F32), Scalars.NONE),
                TensorType.of(DType.F32, Shape.of(x.length)));
        assertTrue(plan.kernels().getFirst().source().contains("SHUFFLE_DOWN(acc"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment y = arena.allocate(8, 8);
            HostKernel.run(plan, folder, List.of(floats(arena, 0, x)), List.of(y), 0, false);
            return reducer.isArg() ? y.get(JAVA_LONG_UNALIGNED, 0) : y.get(JAVA_FLOAT_UNALIGNED, 0);
        }
    }

    @Test
    void groupsReduceByExchangeWithinWarpsAndThenBetweenThem() throws Exception {
        float[] x = numbers(3001);
        float sum = 0;
        for (float v : x) {
            sum += v;
        }
        assertEquals(sum, reduced(Reducer.SUM, x));
        x[1234] = 60;
        x[2345] = 60;
        assertEquals(1234, reduced(Reducer.ARGMAX, x), "the first of equals");
        x[2000] = Float.NaN;
        assertEquals(2000, reduced(Reducer.ARGMIN, x));
    }

    @Test
    void largeReductionsCombineParts() throws Exception {
        float[] x = numbers(40_000);
        float sum = 0;
        for (float v : x) {
            sum += v;
        }
        assertEquals(sum, reduced(Reducer.SUM, x));
    }
}
