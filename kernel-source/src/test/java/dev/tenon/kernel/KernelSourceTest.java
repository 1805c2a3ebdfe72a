package dev.tenon.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelSourceTest {
    private static final DeviceTraits GPU = new DeviceTraits(false, true, 1024, 48 << 10, 80, 1, true);
    private static final DeviceTraits CPU = new DeviceTraits(true, true, 4096, 256 << 10, 8, 16, true);
    private static final Lambda SUM =
            Lambda.of(Exprs.add(Exprs.in(0, DType.F32), Exprs.in(1, DType.F32)), DType.F32);

    private static KernelPlan plan(DeviceTraits traits, Op op, TensorType... in) {
        List<TensorType> types = List.of(in);
        return new KernelSource(OpenClDialect.INSTANCE, traits).plan(op, types, op.infer(types)).orElseThrow();
    }

    private static TensorType type(long... dims) {
        return TensorType.of(DType.F32, Shape.of(dims));
    }

    /// The kernel without the dialect's prelude.
    private static String kernel(GeneratedKernel k) {
        return k.source().substring(k.source().indexOf("KERNEL(" + k.local() + ")"));
    }

    @Test
    void contiguousOperandsNeedNoDivisionAndShapesShareTheirText() {
        GeneratedKernel a = plan(GPU, MapOp.of("add", SUM), type(40, 50), type(40, 50)).kernels().getFirst();
        GeneratedKernel b = plan(GPU, MapOp.of("add", SUM), type(7, 8, 1000), type(7, 8, 1000)).kernels().getFirst();
        assertEquals(a.source(), b.source());
        assertFalse(kernel(a).contains("%"), a.source());
        assertTrue(a.groups() * a.local() >= 2000);
        assertNotEquals(a.groups(), b.groups());
    }

    @Test
    void broadcastOperandsAreReadAtTheirOwnPositions() {
        String text = kernel(plan(GPU, MapOp.of("add", SUM), type(40, 500), type(500)).kernels().getFirst());
        assertTrue(text.contains("x1[c1]"), text);
        assertTrue(text.contains("x0[c0 * s_c0_0 + c1]"), text);
    }

    @Test
    void parametersAreArgumentsAndOutputsShareOneKernel() {
        Expr scaled = Exprs.mul(Exprs.in(0, DType.F32), new Expr.Param(Kind.F32, 2));
        Lambda body = Lambda.of(List.of(scaled, scaled), List.of(DType.F32, DType.F16));
        KernelPlan plan = plan(GPU, MapOp.of("scale", body, Scalars.of(0, 0, 3)), type(10));
        assertEquals(1, plan.kernels().size());
        List<Arg> args = plan.kernels().getFirst().args();
        assertTrue(args.contains(new Arg.Param(Kind.F32, 2)), args::toString);
        assertTrue(args.contains(new Arg.Output(1, 2)), args::toString);
    }

    @Test
    void doublesNeedADeviceThatHasThem() {
        DeviceTraits single = new DeviceTraits(false, false, 256, 32 << 10, 8, 1, true);
        TensorType f64 = TensorType.of(DType.F64, Shape.of(3));
        MapOp neg = MapOp.of("neg", Lambda.of(Exprs.neg(Exprs.in(0, DType.F64)), DType.F64));
        BackendException e = assertThrows(BackendException.class, () -> plan(single, neg, f64));
        assertTrue(e.getMessage().contains("double precision"), e.getMessage());
        assertFalse(plan(single, MapOp.of("add", SUM), type(3), type(3)).kernels().getFirst().source().contains("f64"));
    }

    @Test
    void largeReductionsTakeTwoKernelsAndScratchMemory() {
        Lambda identity = Lambda.identity(DType.F32);
        ReduceOp all = new ReduceOp(Reducer.SUM, List.of(0), false, identity, Scalars.NONE);
        for (DeviceTraits traits : List.of(GPU, CPU)) {
            KernelPlan large = plan(traits, all, type(10_000_000));
            assertEquals(2, large.kernels().size());
            assertTrue(large.workspaceBytes() >= 8);
            assertEquals(1, plan(traits, all, type(100)).kernels().size());
        }
    }

    @Test
    void productsChooseTheirWayByDeviceAndSize() {
        String gpu = plan(GPU, MatMulOp.PLAIN, type(500, 500), type(500, 500)).kernels().getLast().source();
        assertTrue(gpu.contains("LOCAL f32 ta") && gpu.contains("BARRIER"));
        KernelPlan cpu = plan(CPU, MatMulOp.PLAIN, type(500, 500), type(500, 500));
        assertEquals(List.of("pack_a", "pack_b", "matmul_packed"),
                cpu.kernels().stream().map(GeneratedKernel::entry).toList());
        assertEquals("matmul_direct", plan(CPU, MatMulOp.PLAIN, type(4, 5), type(5, 6)).kernels().getFirst().entry());
    }

    @Test
    void nothingIsLaunchedForNoElements() {
        assertEquals(KernelPlan.NOTHING, plan(GPU, MapOp.of("add", SUM), type(0, 3), type(0, 3)));
    }

    @Test
    void unknownOpsHaveNoKernels() {
        Op view = new ViewOp.Slice(0, 0, 1, 1);
        KernelSource source = new KernelSource(OpenClDialect.INSTANCE, GPU);
        assertTrue(source.plan(view, List.of(type(3)), List.of(type(1))).isEmpty());
    }

    private static KernelPlan cuda(Op op, TensorType... in) {
        List<TensorType> types = List.of(in);
        return new KernelSource(CudaDialect.INSTANCE, GPU).plan(op, types, op.infer(types)).orElseThrow();
    }

    @Test
    void cudaTakesPacksWhereAllIsContiguous() {
        MapOp add = MapOp.of("add", SUM);
        assertEquals("map_packed", cuda(add, type(100, 100), type(100, 100)).kernels().getFirst().entry());
        GeneratedKernel one = cuda(add, type(100, 100), type()).kernels().getFirst();
        assertEquals("map_packed", one.entry());
        assertTrue(one.source().contains("LOAD_PACK(f32, 4, a0, x0 + i0)") && one.source().contains("x1[0]"));
        assertEquals("map", cuda(add, type(100, 100), type(100)).kernels().getFirst().entry());
        assertEquals("map", cuda(add, type(10), type(10)).kernels().getFirst().entry());
        assertEquals("map", plan(GPU, add, type(100, 100), type(100, 100)).kernels().getFirst().entry());
    }

    @Test
    void cudaReducesWithinWarpsFirst() {
        ReduceOp all = new ReduceOp(Reducer.SUM, List.of(0), false, Lambda.identity(DType.F32), Scalars.NONE);
        String text = kernel(cuda(all, type(100_000)).kernels().getFirst());
        assertTrue(text.contains("SHUFFLE_DOWN(acc, half_)") && text.contains("LOCAL f32 shared[8]"), text);
        assertFalse(kernel(plan(GPU, all, type(100_000)).kernels().getFirst()).contains("SHUFFLE"));
    }

    @Test
    void cudaTakesNumbersByPointerForRecordings() {
        Expr scaled = Exprs.mul(Exprs.in(0, DType.F32), new Expr.Param(Kind.F32, 2));
        MapOp op = MapOp.of("scale", Lambda.of(scaled, DType.F32), Scalars.of(0, 0, 3));
        GeneratedKernel k = cuda(op, type(10)).kernels().getFirst();
        assertEquals(k.source(), CudaDialect.withParams(k, false));
        assertTrue(CudaDialect.withParams(k, true).startsWith("#define PARAMS_IN_MEMORY"));
        assertTrue(kernel(k).contains("PARAM(f32, p2_f32)") && kernel(k).contains("PARAM_VALUE(f32, p2_f32)"));
    }
}
