package dev.tenon.backend.cuda;

import static dev.tenon.backend.cuda.CudnnOnHostBackend.check;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import dev.tenon.backend.cuda.ConvolutionForm.Epilogue;
import dev.tenon.backend.cuda.FakeCudnn.Engine;
import dev.tenon.tck.samples.Family;
import dev.tenon.tck.samples.Input;
import dev.tenon.tck.samples.Sample;
import dev.tenon.tck.samples.WindowSamples;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// What cuDNN is told of convolutions, and which of its engines is taken: against convolutions computed from the
/// descriptors.
class CudnnOnHostTest {
    private final FakeCudnn fake = new FakeCudnn();
    private final Cudnn cudnn = new Cudnn(fake, Runnable::run, 8L << 30, false);

    @BeforeEach
    void oneEngineThatDoesAll() {
        CudnnOnHostBackend.CUDNN.engines = List.of(Engine.of());
        CudnnOnHostBackend.CUDNN.fallback = List.of();
    }

    /// The suite's samples of convolutions, of all dtypes and layouts, as far as they are for cuDNN.
    @TestFactory
    Stream<DynamicTest> samples() {
        List<Sample> all = WindowSamples.all().stream().filter(CudnnOnHostTest::isForCudnn).toList();
        assertTrue(all.size() > 200, () -> "only " + all.size());
        return all.stream().map(CudnnOnHostBackend::byCudnn);
    }

    private static boolean isForCudnn(Sample s) {
        Op op = s.direct().orElse(null);
        if (op == null || !op.name().contains("conv")) {
            return false;
        }
        try (Scope _ = Scope.open()) {
            List<TensorType> types = s.on(CudnnOnHostBackend.oracle()).stream().map(Tensor::type).toList();
            return ConvolutionForm.of(op, types, op.infer(types)).isPresent();
        }
    }

    private static final WindowGeometry PADDED = WindowGeometry.of(2, 1, 1, 1);
    private static final TensorType IMAGE = TensorType.of(DType.F32, Shape.of(2, 4, 6, 5));
    private static final TensorType WEIGHT = TensorType.of(DType.F32, Shape.of(3, 4, 3, 3));

    private static Optional<ConvolutionForm> form(Op op, TensorType... in) {
        return ConvolutionForm.of(op, List.of(in), op.infer(List.of(in)));
    }

    private static ConvolutionForm form() {
        return form(new Convolution(PADDED, 1), IMAGE, WEIGHT).orElseThrow();
    }

    /// Runs a plan of the form of this test.
    private static void run(LibraryPlan plan) {
        try (Arena arena = Arena.ofConfined()) {
            long x = arena.allocate(4 * IMAGE.elements(), 64).address();
            long w = arena.allocate(4 * WEIGHT.elements(), 64).address();
            long y = arena.allocate(4 * 2 * 3 * 6 * 5, 64).address();
            plan.run(5, new long[] {x, w, y}, arena.allocate(64, 64).address());
        }
    }

    @Test
    void epiloguesAreTheLibrarysWhereItKnowsThem() {
        Expr y = Exprs.in(0, DType.F32);
        Expr sum = Exprs.add(y, Exprs.in(1, DType.F32));
        Expr relu = Exprs.select(Exprs.binary(BinaryFn.LE, sum, Exprs.like(sum, 0)), Exprs.like(sum, 0), sum);
        Convolution c = new Convolution(PADDED, 1);
        FusedConvolution fused = new FusedConvolution(c, Lambda.of(relu, DType.F32), Scalars.NONE);
        TensorType bias = TensorType.of(DType.F32, Shape.of(3, 1, 1));
        assertEquals(Epilogue.BIAS_RELU, form(fused, IMAGE, WEIGHT, bias).orElseThrow().epilogue());
        assertEquals(Epilogue.OWN,
                form(fused, IMAGE, WEIGHT, TensorType.of(DType.F32, Shape.of(3, 6, 5))).orElseThrow().epilogue());
        assertEquals(Epilogue.OWN,
                form(fused, IMAGE, WEIGHT, TensorType.of(DType.F32, Shape.of(1))).orElseThrow().epilogue());
        Expr scaled = Exprs.mul(y, new Expr.Param(Kind.F32, 0));
        assertEquals(Epilogue.OWN, form(new FusedConvolution(c, Lambda.of(scaled, DType.F32), Scalars.of(2)), IMAGE,
                WEIGHT).orElseThrow().epilogue());
        Sample s = Sample.of("fused", DType.F32, "bias and ReLU", fused, Family.COMPOSITE,
                Input.of(DType.F32, 2, 4, 6, 5),
                Input.of(DType.F32, 3, 4, 3, 3).seed(2), Input.of(DType.F32, 3, 1, 1).seed(3)).scale(100);
        List<Integer> operations = CudnnOnHostBackend.CUDNN.operations;
        check(s);
        assertEquals(3, operations.getLast());
        check(Sample.of("conv", DType.F16, "bias", c, Family.COMPOSITE, Input.of(DType.F16, 2, 4, 6, 5),
                Input.of(DType.F16, 3, 4, 3, 3).seed(2), Input.of(DType.F16, 3).seed(3)).scale(100));
        assertEquals(2, operations.getLast());
        // An engine that only convolves: other shapes, for kernels once prepared are kept.
        CudnnOnHostBackend.CUDNN.engines = List.of(new Engine(Set.of(), 64, 0, false));
        check(Sample.of("fused", DType.F32, "bias and ReLU", fused, Family.COMPOSITE, Input.of(DType.F32, 1, 4, 6, 5),
                Input.of(DType.F32, 3, 4, 3, 3).seed(2), Input.of(DType.F32, 3, 1, 1).seed(3)).scale(100));
        assertEquals(1, operations.getLast());
        check(Sample.of("conv", DType.BF16, "bias", c, Family.COMPOSITE, Input.of(DType.BF16, 1, 4, 6, 5),
                Input.of(DType.BF16, 3, 4, 3, 3).seed(2), Input.of(DType.BF16, 3).seed(3)).scale(100));
        assertEquals(1, operations.getLast());
    }

    @Test
    void theRuleNamesWhatIsForTheLibrary() {
        assertTrue(form(new Convolution(PADDED, 2), TensorType.of(DType.F16, Shape.of(2, 4, 6, 5)),
                TensorType.of(DType.F16, Shape.of(6, 2, 3, 3))).isPresent());
        TensorType channelsLast = TensorType.of(DType.F32, Shape.of(2, 4, 6, 5), new long[] {120, 1, 20, 4});
        ConvolutionForm last = form(new Convolution(PADDED, 1), channelsLast, WEIGHT).orElseThrow();
        assertEquals(List.of(120L, 1L, 20L, 4L), last.x().strides());
        // Axes of extent 1 have the strides that tell the layout, whatever theirs are.
        TensorType one = TensorType.of(DType.F32, Shape.of(1, 4, 1, 5), new long[] {7, 5, 0, 1});
        assertEquals(List.of(20L, 5L, 5L, 1L), form(new Convolution(WindowGeometry.of(2, 1, 1, 1), 1), one, WEIGHT)
                .orElseThrow().x().strides());
        assertEquals(List.of(2L, 4L, 1L, 17L), form(new Convolution(WindowGeometry.of(1, 2, 1, 3), 1),
                TensorType.of(DType.F32, Shape.of(2, 4, 17)), TensorType.of(DType.F32, Shape.of(3, 4, 3))).orElseThrow()
                .x().dims());
        List<Op> not = List.of(
                new Convolution(new WindowGeometry(List.of(1, 1), List.of(0, 1), List.of(1, 1), List.of(1, 1)), 1),
                new Convolution(WindowGeometry.of(2, 1, -1, 1), 1));
        not.forEach(op -> assertTrue(form(op, IMAGE, WEIGHT).isEmpty(), op::toString));
        Convolution c = new Convolution(PADDED, 1);
        TensorType broadcast = TensorType.of(DType.F32, Shape.of(2, 4, 6, 5), new long[] {0, 30, 5, 1});
        assertTrue(form(c, broadcast, WEIGHT).isEmpty());
        assertTrue(form(c, TensorType.of(DType.I32, IMAGE.shape()), TensorType.of(DType.I32, WEIGHT.shape()))
                .isEmpty());
        assertTrue(form(c, TensorType.of(DType.F32, Shape.of(0, 4, 6, 5)), WEIGHT).isEmpty());
        assertFalse(form().isWorthwhile());
        assertTrue(form(c, TensorType.of(DType.F32, Shape.of(8, 64, 32, 32)),
                TensorType.of(DType.F32, Shape.of(64, 64, 3, 3))).orElseThrow().isWorthwhile());
    }

    @Test
    void theFirstEngineIsTakenThatIsExactAndRepeatable() {
        Engine good = new Engine(Set.of(9), 32, 0, true);
        List<Engine> passedOver = List.of(Engine.of(CudnnCode.NUMERICAL_NOTE_NONDETERMINISTIC),
                Engine.of(CudnnCode.NUMERICAL_NOTE_WINOGRAD, CudnnCode.NUMERICAL_NOTE_WINOGRAD_TILE_4x4),
                Engine.of(CudnnCode.NUMERICAL_NOTE_FFT), Engine.of(CudnnCode.NUMERICAL_NOTE_TENSOR_CORE),
                Engine.of(CudnnCode.NUMERICAL_NOTE_DOWN_CONVERT_INPUTS),
                Engine.of(CudnnCode.NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION),
                new Engine(Set.of(), 2L << 30, 0, true),
                new Engine(Set.of(), 64, FakeCudnn.UNSUPPORTED_SHAPE, true));
        fake.engines = new ArrayList<>(passedOver);
        fake.engines.add(good);
        fake.engines.add(Engine.of());
        run(cudnn.plan(form()).orElseThrow());
        assertEquals(List.of(good), fake.executed);
        // What the heuristics do not name in their best mode.
        fake.engines = passedOver;
        fake.fallback = List.of(Engine.of(CudnnCode.NUMERICAL_NOTE_NONDETERMINISTIC), good);
        run(cudnn.plan(form()).orElseThrow());
        assertEquals(List.of(good, good), fake.executed);
        fake.fallback = List.of();
        assertTrue(cudnn.plan(form()).isEmpty());
    }

    @Test
    void tensorCoresAreForSixteenBitsAndForThoseWhoAllowTf32() {
        fake.engines = List.of(Engine.of(CudnnCode.NUMERICAL_NOTE_TENSOR_CORE));
        assertTrue(cudnn.plan(form()).isEmpty());
        Cudnn loose = new Cudnn(fake, Runnable::run, 8L << 30, true);
        assertTrue(loose.plan(form()).isPresent());
        assertFalse(Cudnn.unwanted(DType.F32, true).contains(CudnnCode.NUMERICAL_NOTE_TENSOR_CORE));
        for (DType d : List.of(DType.F16, DType.BF16)) {
            assertTrue(cudnn.plan(form(new Convolution(PADDED, 1), TensorType.of(d, IMAGE.shape()),
                    TensorType.of(d, WEIGHT.shape())).orElseThrow()).isPresent());
        }
    }

    @Test
    void theDevicesMemoryLimitsTheScratchMemory() {
        Cudnn small = new Cudnn(fake, Runnable::run, 1024, false);
        fake.engines = List.of(new Engine(Set.of(), 129, 0, true));
        assertTrue(small.plan(form()).isEmpty());
        fake.engines = List.of(new Engine(Set.of(), 128, 0, true));
        assertEquals(128, small.plan(form()).orElseThrow().workspaceBytes());
    }

    /// Wherever planning fails, nothing is left behind, and there is no plan.
    @Test
    void everyFailureOfPlanningIsNoPlan() {
        ConvolutionForm biased = form(new Convolution(PADDED, 1), IMAGE, WEIGHT, TensorType.of(DType.F32, Shape.of(3)))
                .orElseThrow();
        List<String> calls = List.of("create 17", "set 902", "finish 17", "finish 1", "finish 10", "finish 0",
                "finish 13", "set 801", "finish 15", "finish 4", "get 202", "get 300", "get 1303", "create 5",
                "set 400", "finish 5", "get 402");
        for (String call : calls) {
            for (int status : new int[] {CudnnCode.STATUS_NOT_SUPPORTED, CudnnCode.STATUS_INTERNAL_ERROR}) {
                fake.failures.put(call, status);
                assertTrue(cudnn.plan(biased).isEmpty(), call);
                assertEquals(0, fake.alive(), call);
                assertTrue(fake.failures.isEmpty(), call);
            }
        }
        assertTrue(cudnn.plan(biased).isPresent());
    }

    @Test
    void planningLeavesThePlanAloneAndThatUntilNobodyHasIt() throws InterruptedException {
        LibraryPlan plan = cudnn.plan(form()).orElseThrow();
        assertEquals(2, fake.alive(), "the plan and its engine's configuration");
        run(plan);
        assertEquals(3, fake.alive(), "and the addresses");
        // The plan is of no more use from here on.
        plan = null;
        for (int i = 0; i < 200 && fake.alive() > 0; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertEquals(0, fake.alive());
    }

    @Test
    void addressesAreDescribedAgainWhenTheyChange() {
        LibraryPlan plan = cudnn.plan(form()).orElseThrow();
        try (Arena arena = Arena.ofConfined()) {
            long x = arena.allocate(4 * IMAGE.elements(), 64).address();
            long w = arena.allocate(4 * WEIGHT.elements(), 64).address();
            long[] y = {arena.allocate(720, 64).address(), arena.allocate(720, 64).address()};
            long scratch = arena.allocate(64, 64).address();
            for (int i : new int[] {0, 0, 1, 1, 0}) {
                plan.run(i == 0 ? 5 : 6, new long[] {x, w, y[i]}, scratch);
            }
            assertEquals(3, fake.packs);
            assertEquals(List.of(5L, 6L, 5L), fake.streams);
            assertEquals(3, fake.alive());
            fake.failures.put("finish 16", CudnnCode.STATUS_INTERNAL_ERROR);
            assertThrows(DriverException.class, () -> plan.run(5, new long[] {x, w, y[1]}, scratch));
            plan.run(5, new long[] {x, w, y[1]}, scratch);
            assertEquals(3, fake.alive());
        }
    }

    @Test
    void aFailureOfTheRunNamesTheOp() {
        CudaContext context = CudnnOnHostBackend.context();
        LibraryPlan plan = cudnn.plan(form()).orElseThrow();
        fake.failures.put("cudnnBackendExecute", FakeCudnn.EXECUTION_FAILED);
        CudaStream stream = new CudaStream(context, () -> 5);
        BackendException e = assertThrows(BackendException.class,
                () -> context.launch("conv2d", stream, () -> run(plan)));
        assertEquals("cudnn-host:0: launching conv2d: cudnnBackendExecute: FAKE_STATUS: a remark (5000)",
                e.getMessage());
    }

    @Test
    void aLibraryThatDoesNotStartIsAnError() {
        fake.failures.put("cudnnCreate", 1001);
        DriverException e =
                assertThrows(DriverException.class, () -> new Cudnn(fake, Runnable::run, 1L << 30, false));
        assertEquals("cudnnCreate: FAKE_STATUS: a remark (1001)", e.getMessage());
    }

    @Test
    void gradientsAreGivenTheirOperandsInTheirPlaces() {
        Convolution c = new Convolution(PADDED, 1);
        TensorType y = TensorType.of(DType.F32, Shape.of(2, 3, 6, 5));
        ConvolutionForm data = form(new ConvolutionBackwardData(c, IMAGE.shape()), y, WEIGHT).orElseThrow();
        ConvolutionForm weight = form(new ConvolutionBackwardWeight(c, WEIGHT.shape()), IMAGE, y).orElseThrow();
        for (ConvolutionForm f : List.of(data, weight)) {
            assertEquals(form().x(), f.x());
            assertEquals(form().w(), f.w());
            assertEquals(form().y(), f.y());
            assertEquals(Epilogue.NONE, f.epilogue());
        }
    }
}
