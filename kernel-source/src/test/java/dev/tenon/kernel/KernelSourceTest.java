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
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.AvgPoolBackward;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.Softmax;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.WindowGeometry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
        GeneratedKernel b = plan(GPU, MapOp.of("add", SUM), type(7, 8, 60), type(7, 8, 60)).kernels().getFirst();
        assertEquals(a.source(), b.source());
        assertFalse(kernel(a).contains("%"), a.source());
        assertTrue(a.groups() * a.local() >= 2000);
        assertNotEquals(a.groups(), b.groups());
    }

    @Test
    void longContiguousOperandsAreReadInPacks() {
        GeneratedKernel k = plan(GPU, MapOp.of("add", SUM), type(10_001), type(10_001)).kernels().getFirst();
        assertTrue(kernel(k).contains("LOAD_PACK(f32, 4, a0, x0 + i0)"), k.source());
        assertTrue(k.groups() * k.local() * 4 >= 10_001);
        String half = kernel(plan(GPU, MapOp.of("neg", Lambda.of(Exprs.neg(Exprs.in(0, DType.F16)), DType.F16)),
                TensorType.of(DType.F16, Shape.of(10_001))).kernels().getFirst());
        assertFalse(half.contains("LOAD_PACK"), half);
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

    private static final WindowGeometry WINDOW = WindowGeometry.of(2, 2, 1, 1);

    /// An op for each generator, with operands.
    private static Map<Op, List<TensorType>> everyGenerator() {
        AvgPool mean = new AvgPool(List.of(3, 3), WINDOW, false, false, OptionalLong.empty());
        Convolution c = new Convolution(WINDOW, 1);
        TensorType image = type(2, 3, 9, 9);
        TensorType index = TensorType.of(DType.I64, Shape.of(100, 1));
        Attention attention = new Attention(true, 0.5);
        Map<Op, List<TensorType>> ops = new LinkedHashMap<>();
        ops.put(MapOp.of("add", SUM), List.of(type(40, 500), type(500)));
        ops.put(new ReduceOp(Reducer.ARGMAX, List.of(1), false, Lambda.identity(DType.F32), Scalars.NONE),
                List.of(type(9, 5000)));
        ops.put(MatMulOp.PLAIN, List.of(type(2000, 2000), type(2000, 2000)));
        ops.put(new GatherOp(0), List.of(type(30, 1), index));
        ops.put(new ScatterOp(0, ScatterOp.Mode.ADD), List.of(type(300, 1), index, type(100, 1)));
        ops.put(new ScanOp(Reducer.MAX, 0), List.of(type(1_000_000)));
        ops.put(new SortOp(0, true), List.of(type(5000)));
        ops.put(c, List.of(image, type(8, 3, 3, 3), type(8)));
        ops.put(new ConvolutionBackwardData(c, image.shape()), List.of(type(2, 8, 5, 5), type(8, 3, 3, 3)));
        ops.put(new ConvolutionBackwardWeight(c, Shape.of(8, 3, 3, 3)), List.of(image, type(2, 8, 5, 5)));
        ops.put(new MaxPool(List.of(3, 3), WINDOW, false), List.of(image));
        ops.put(mean, List.of(image));
        ops.put(new AvgPoolBackward(mean, image.shape()), List.of(type(2, 3, 5, 5)));
        ops.put(new Softmax(1), List.of(type(50, 1000)));
        ops.put(new LogSoftmax(0), List.of(type(50, 1000)));
        ops.put(new LayerNorm(1, 1e-5), List.of(type(50, 100), type(100), type(100)));
        ops.put(new LayerNormBackward(1), List.of(type(500, 100), type(500, 100), type(100), type(500), type(500)));
        ops.put(new BatchNorm(1e-5), List.of(image, type(3), type(3)));
        ops.put(new BatchNormBackward(), List.of(image, image, type(3), type(3), type(3)));
        ops.put(attention, List.of(type(2, 90, 16), type(2, 80, 16), type(2, 80, 8), type(90, 80)));
        ops.put(new AttentionBackward(attention), List.of(type(2, 90, 8), type(2, 90, 16), type(2, 80, 16),
                type(2, 80, 8), type(2, 90), type(2, 90)));
        return ops;
    }

    @Test
    void onlyTheDialectKnowsTheLanguage() {
        String foreign = "__kernel|__global|__local|__shared__|__device__|\\bget_|\\bvload|\\bvstore|\\bbarrier\\("
                + "|\\bas_|\\bconvert_|\\batomic|\\bhalf\\b|\\bfloat|\\bdouble|\\blong\\b";
        for (DeviceTraits traits : List.of(GPU, CPU)) {
            everyGenerator().forEach((op, in) -> {
                for (GeneratedKernel k : plan(traits, op, in.toArray(TensorType[]::new)).kernels()) {
                    String prelude = OpenClDialect.INSTANCE.prelude(traits);
                    assertTrue(k.source().startsWith(prelude));
                    String own = k.source().substring(prelude.length());
                    Matcher m = Pattern.compile(foreign).matcher(own);
                    assertFalse(m.find(), () -> op + ": " + m.group() + " in\n" + own);
                }
            });
        }
    }

    @Test
    void groupsStayWithinTheLimitsOfTheDevice() {
        DeviceTraits small = new DeviceTraits(false, true, 64, 16 << 10, 4, 1, true);
        everyGenerator().forEach((op, in) -> {
            for (GeneratedKernel k : plan(small, op, in.toArray(TensorType[]::new)).kernels()) {
                assertTrue(k.local() <= 64, () -> op + ": a group of " + k.local());
                Matcher m = Pattern.compile("LOCAL f32 \\w+((?:\\[\\d+\\])+)").matcher(k.source());
                long bytes = 0;
                while (m.find()) {
                    long n = 4;
                    for (String d : m.group(1).substring(1).split("[\\[\\]]+")) {
                        n *= Long.parseLong(d);
                    }
                    bytes += n;
                }
                long used = bytes;
                assertTrue(used <= 16 << 10, () -> op + ": " + used + " bytes of local memory");
            }
        });
    }

    @Test
    void attentionNeverHoldsAllScores() {
        long n = 1 << 14;
        Attention op = new Attention(false, 1);
        for (DeviceTraits traits : List.of(GPU, CPU)) {
            KernelPlan plan = plan(traits, op, type(n, 64), type(n, 64), type(n, 64));
            assertTrue(plan.workspaceBytes() <= 2 * 4 * n * 64, () -> plan.workspaceBytes() + " bytes");
        }
    }

    @Test
    void rowsTooLongForLocalMemoryAreLeftToTheDecomposition() {
        List<TensorType> in = List.of(type(8, 4096), type(8, 4096), type(8, 4096));
        Attention op = new Attention(false, 1);
        assertTrue(new KernelSource(OpenClDialect.INSTANCE, GPU).plan(op, in, op.infer(in)).isEmpty());
    }

    @Test
    void theShapeOfTilesIsTheDevicesChoice() {
        GemmTile tile = CPU.tiles(Kind.F32).getLast();
        String usual = plan(CPU, MatMulOp.PLAIN, type(500, 500), type(500, 500)).kernels().getLast().source();
        String other = plan(CPU.withTile(Kind.F32, tile), MatMulOp.PLAIN, type(500, 500), type(500, 500)).kernels()
                .getLast().source();
        assertNotEquals(usual, other);
        assertEquals(usual, plan(CPU.withTile(Kind.F64, tile), MatMulOp.PLAIN, type(500, 500), type(500, 500))
                .kernels().getLast().source());
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
