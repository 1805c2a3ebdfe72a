package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.backend.cuda.FakeCudnn.Engine;
import dev.tenon.tck.samples.AttentionSamples;
import dev.tenon.tck.samples.CompositeSamples;
import dev.tenon.tck.samples.Sample;
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

/// What cuDNN is told of normalisations and of attention: against both computed from the descriptors.
class CudnnNormsOnHostTest {
    private final FakeCudnn fake = new FakeCudnn();
    private final Cudnn cudnn = new Cudnn(fake, Runnable::run, 8L << 30, false);

    @BeforeEach
    void oneEngineThatDoesAll() {
        CudnnOnHostBackend.CUDNN.engines = List.of(Engine.of());
        CudnnOnHostBackend.CUDNN.fallback = List.of();
    }

    private static Optional<LibraryForm> form(Op op, TensorType... in) {
        return LibraryForm.of(op, List.of(in), op.infer(List.of(in)));
    }

    /// The suite's samples, of all dtypes and layouts, as far as they are for cuDNN.
    @TestFactory
    Stream<DynamicTest> normalisations() {
        List<Sample> all = CompositeSamples.all().stream().filter(CudnnNormsOnHostTest::isForCudnn).toList();
        assertTrue(all.size() > 60, () -> "only " + all.size());
        return all.stream().map(CudnnOnHostBackend::byCudnn);
    }

    @TestFactory
    Stream<DynamicTest> attention() {
        return AttentionSamples.all().stream().filter(s -> s.dtype() != DType.F32).map(CudnnOnHostBackend::byCudnn);
    }

    private static boolean isForCudnn(Sample s) {
        Op op = s.direct().orElse(null);
        if (op == null || !op.name().contains("_norm")) {
            return false;
        }
        try (Scope _ = Scope.open()) {
            return form(op, s.on(CudnnOnHostBackend.oracle()).stream().map(Tensor::type).toArray(TensorType[]::new))
                    .isPresent();
        }
    }

    private static TensorType f32(long... dims) {
        return TensorType.of(DType.F32, Shape.of(dims));
    }

    private static TensorType f16(long... dims) {
        return TensorType.of(DType.F16, Shape.of(dims));
    }

    @Test
    void theRuleNamesNormalisationsForTheLibrary() {
        BatchNorm batch = new BatchNorm(1e-5);
        LayerNorm layer = new LayerNorm(1, 1e-5);
        NormForm b = (NormForm) form(batch, f16(4, 6, 5), f32(6), f32(6)).orElseThrow();
        assertEquals(List.of(4L, 6L, 1L, 5L), b.x().dims());
        assertEquals(DType.F32, b.parameters());
        assertEquals(List.of(1L, 6L, 1L, 1L), b.statistic().dims());
        NormForm l = (NormForm) form(layer, f32(2, 3, 8), f32(8), f32(8)).orElseThrow();
        assertEquals(List.of(6L, 8L, 1L, 1L), l.x().dims());
        assertEquals(List.of(8L, 1L, 8L, 8L), l.x().strides());
        assertEquals(List.of(6L, 1L, 1L, 1L), l.statistic().dims());
        assertFalse(l.isWorthwhile());
        assertTrue(form(layer, f32(512, 768), f32(768), f32(768)).orElseThrow().isWorthwhile());
        TensorType doubles = TensorType.of(DType.F64, Shape.of(4, 6));
        TensorType doublesOfOne = TensorType.of(DType.F64, Shape.of(6));
        assertTrue(form(batch, doubles, doublesOfOne, doublesOfOne).isEmpty());
        TensorType columns = TensorType.of(DType.F32, Shape.of(4, 6), new long[] {1, 4});
        assertTrue(form(layer, columns, f32(6), f32(6)).isEmpty());
        assertTrue(form(layer, f32(4, 6), f32(6), f16(6)).isEmpty());
        assertTrue(form(batch, TensorType.of(DType.F32, Shape.of(2, 6, 4), new long[] {24, 1, 7}), f32(6), f32(6))
                .isEmpty());
        assertTrue(form(batch, f32(0, 6), f32(6), f32(6)).isEmpty());
        assertTrue(form(batch, f32(2, 6, 1, 2, 1, 2), f32(6), f32(6)).isEmpty());
        TensorType last = TensorType.of(DType.F16, Shape.of(2, 8, 3, 3), new long[] {72, 1, 24, 8});
        assertTrue(form(batch, last, f32(8), f32(8)).isEmpty(), "the result lies otherwise");
        NormForm gradients = (NormForm) LibraryForm.of(new BatchNormBackward(),
                List.of(last, last, f32(8), f32(8), f32(8)), List.of(last, f32(8), f32(8))).orElseThrow();
        assertEquals(List.of(72L, 1L, 24L, 8L), gradients.x().strides());
        assertEquals(List.of(8L, 1L, 8L, 8L), gradients.parameter().strides());
    }

    private static Optional<LibraryForm> attention(boolean causal, TensorType... in) {
        return form(new Attention(causal, 0.5), in);
    }

    @Test
    void theRuleNamesAttentionForTheLibrary() {
        TensorType q = f16(2, 4, 10, 16);
        TensorType k = f16(2, 4, 12, 16);
        AttentionForm a = (AttentionForm) attention(true, q, k, k).orElseThrow();
        assertEquals(List.of(2L, 4L, 10L, 12L), a.scores().dims());
        assertFalse(a.isWorthwhile());
        assertTrue(attention(true, f16(8, 128, 64), f16(8, 128, 64), f16(8, 128, 64)).orElseThrow().isWorthwhile());
        // [b, s, h, d] seen as [b, h, s, d], as layers have it.
        TensorType seen = TensorType.of(DType.BF16, Shape.of(1, 4, 10, 16), new long[] {7, 16, 64, 1});
        AttentionForm views = (AttentionForm) attention(false, seen, seen, seen).orElseThrow();
        assertEquals(List.of(640L, 16L, 64L, 1L), views.q().strides());
        assertEquals(List.of(1L, 1L, 3L, 8L), ((AttentionForm) attention(true, f16(3, 8), f16(3, 8), f16(3, 8))
                .orElseThrow()).q().dims());
        List<List<TensorType>> not = List.of(List.of(f32(2, 4, 8), f32(2, 4, 8), f32(2, 4, 8)),
                List.of(f16(2, 4, 12), f16(2, 4, 12), f16(2, 4, 12)), List.of(f16(1, 8), f16(1, 8), f16(1, 8)),
                List.of(f16(9, 264), f16(9, 264), f16(9, 264)), List.of(q, k, k, f16(10, 12)),
                List.of(f16(2, 2, 2, 4, 8), f16(2, 2, 2, 4, 8), f16(2, 2, 2, 4, 8)),
                List.of(TensorType.of(DType.F16, Shape.of(16, 8), new long[] {1, 16}), f16(16, 8), f16(16, 8)),
                List.of(TensorType.of(DType.F16, Shape.of(2, 4, 8), new long[] {0, 8, 1}), f16(2, 4, 8),
                        f16(2, 4, 8)));
        not.forEach(in -> assertTrue(attention(false, in.toArray(TensorType[]::new)).isEmpty(), in::toString));
        assertTrue(form(new Attention(false, -1), q, k, k).isEmpty());
    }

    @Test
    void gradientsOfAttentionNeedTheResultAndARightVersion() {
        TensorType q = f16(2, 4, 8);
        TensorType statistic = f32(2, 4);
        Attention op = new Attention(true, 1);
        assertTrue(form(new AttentionBackward(op), q, q, q, q, statistic, statistic).isEmpty());
        assertTrue(form(new AttentionBackward(op, true), q, q, q, q, statistic, statistic, f16(4, 4), q).isEmpty());
        AttentionForm odd = (AttentionForm) form(new AttentionBackward(op, true), q, q, q, q, statistic, statistic, q)
                .orElseThrow();
        assertEquals(List.of(0, 1, 2, 3, 4, 6), odd.operands());
        assertFalse(odd.isRightIn(91500));
        assertTrue(odd.isRightIn(91501));
        TensorType k = f16(2, 128, 8);
        AttentionForm even = (AttentionForm) form(new AttentionBackward(op, true), q, q, k, k, statistic, statistic, q)
                .orElseThrow();
        assertTrue(even.isRightIn(90100));
        assertFalse(even.isRightIn(91001));
        fake.version = 91000;
        assertTrue(cudnn.plan(even).isEmpty());
        fake.version = 90100;
        assertTrue(cudnn.plan(even).isPresent());
        assertTrue(cudnn.plan(odd).isEmpty());
    }

    private List<LibraryForm> all() {
        TensorType q = f16(2, 128, 8);
        TensorType sums = f32(2, 128);
        List<LibraryForm> forms = new ArrayList<>();
        forms.add(form(new BatchNorm(1e-5), f32(4, 6, 5), f32(6), f32(6)).orElseThrow());
        forms.add(form(new LayerNormBackward(1), f32(4, 6), f32(4, 6), f32(6), f32(4), f32(4)).orElseThrow());
        forms.add(attention(true, q, q, q).orElseThrow());
        forms.add(form(new AttentionBackward(new Attention(true, 1), true), q, q, q, q, sums, sums, q).orElseThrow());
        return forms;
    }

    /// Wherever planning fails, nothing is left behind, and there is no plan.
    @Test
    void everyFailureOfPlanningIsNoPlan() {
        List<String> both = List.of("create 17", "set 902", "finish 17", "set 801", "finish 15", "finish 4", "get 202",
                "get 300", "get 1303", "create 5", "set 400", "finish 5", "get 402");
        List<String> attention = List.of("set 908", "finish 0", "finish 13", "set 9", "set 758", "finish 18",
                "finish 19", "set 1600", "finish 21", "finish 22");
        List<List<String>> own = List.of(List.of("create 29", "set 2000", "set 2001", "set 2007", "finish 29"),
                List.of("create 30", "set 2100", "set 2109", "finish 30"), attention,
                Stream.concat(attention.stream(), Stream.of("finish 31", "set 2200")).toList());
        List<LibraryForm> forms = all();
        for (int i = 0; i < forms.size(); i++) {
            for (String call : Stream.concat(both.stream(), own.get(i).stream()).toList()) {
                for (int status : new int[] {CudnnCode.STATUS_NOT_SUPPORTED, CudnnCode.STATUS_INTERNAL_ERROR}) {
                    fake.failures.put(call, status);
                    assertTrue(cudnn.plan(forms.get(i)).isEmpty(), call);
                    assertEquals(0, fake.alive(), call);
                    assertTrue(fake.failures.isEmpty(), call);
                }
            }
            assertTrue(cudnn.plan(forms.get(i)).isPresent());
            fake.engines = List.of(Engine.of(CudnnCode.NUMERICAL_NOTE_NONDETERMINISTIC));
            assertTrue(cudnn.plan(forms.get(i)).isEmpty());
            fake.engines = List.of(Engine.of());
            System.gc();
            for (int wait = 0; wait < 200 && fake.alive() > 0; wait++) {
                sleep();
            }
            assertEquals(0, fake.alive());
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(10);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        System.gc();
    }

    /// The sums lie before the engine's own scratch memory, and both count for the limit.
    @Test
    void gradientsOfAttentionTakeScratchMemory() {
        LibraryForm form = all().getLast();
        fake.engines = List.of(new Engine(Set.of(), 64, 0, true));
        LibraryPlan plan = cudnn.plan(form).orElseThrow();
        assertEquals(2 * 128 * 4 + 64, plan.workspaceBytes());
        Cudnn small = new Cudnn(fake, Runnable::run, 8 * 1024, false);
        assertTrue(small.plan(form).isEmpty());
        try (Arena arena = Arena.ofConfined()) {
            long[] addresses = new long[9];
            for (int i = 0; i < addresses.length; i++) {
                addresses[i] = arena.allocate(2 * 128 * 8 * 4, 64).address();
            }
            long scratch = arena.allocate(plan.workspaceBytes(), 64).address();
            plan.run(5, addresses, scratch);
            plan.run(5, addresses, scratch);
            assertEquals(1, fake.packs);
            long other = arena.allocate(plan.workspaceBytes(), 64).address();
            plan.run(5, addresses, other);
            assertEquals(2, fake.packs);
            assertThrows(IllegalArgumentException.class, () -> plan.run(5, new long[3], scratch));
        }
    }
}
