package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Samples of the TCK can be captured, and eager, captured and compiled give the same bits, derivatives included. Of
/// samples that differ in dtype and layout alone, a part stands for all.
class GraphSamplesTest {
    /// Samples that a capture refuses: the shape of what a mask picks depends on its values.
    private static final Set<String> READ_VALUES = Set.of("indexing mask", "indexing masked select",
            "indexing nonzero");

    private static byte[] bytes(Tensor t) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(Math.max(1, t.elements() * t.dtype().bytes()), 8);
            t.copyTo(s);
            return s.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static void same(Sample s, String what, List<Tensor> expected, List<Tensor> actual) {
        assertEquals(expected.size(), actual.size(), () -> s + " " + what);
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i).shape(), actual.get(i).shape(), () -> s + " " + what);
            assertEquals(expected.get(i).dtype(), actual.get(i).dtype(), () -> s + " " + what);
            assertArrayEquals(bytes(expected.get(i)), bytes(actual.get(i)), () -> s + " " + what);
        }
    }

    private static List<Tensor> seeded(Supplier<List<Tensor>> run) {
        Tensors.manualSeed(9);
        return run.get();
    }

    private static void check(Sample s, Device device, Set<String> refused) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            // Layouts are the captured program's: inputs of graphs are contiguous.
            List<Tensor> in = s.on(device).stream().map(Tensor::contiguous).toList();
            Function<List<Tensor>, List<Tensor>> fn = x -> s.call().on(device, x);
            List<Tensor> expected = seeded(() -> fn.apply(in));
            Graph g;
            try {
                g = Graphs.capture(fn, in);
            } catch (CaptureException e) {
                refused.add(s.op() + " " + s.variant());
                return;
            }
            same(s, "captured", expected, seeded(() -> g.run(in)));
            // A generator that the call makes itself is made once for the graph and goes on from run to run.
            if (!g.draws()) {
                same(s, "captured, run again", expected, seeded(() -> g.run(in)));
                try (Context.Mode _ = Graphs.eagerly()) {
                    same(s, "op by op", expected, seeded(() -> g.run(in)));
                }
            }
            g.releaseMemory();
        }
        if (s.dtype() == DType.F64 && s.gradients() > 0) {
            checkGradients(s, device);
        }
    }

    private static List<Tensor> withGradients(Sample s, Device device, Function<List<Tensor>, List<Tensor>> fn) {
        List<Tensor> in = s.on(device).stream().map(t -> t.contiguous().detach()
                .requiresGrad(t.dtype() == DType.F64)).toList();
        List<Tensor> out = new ArrayList<>(fn.apply(in));
        Tensor sum = Tensors.scalar(0).to(DType.F64).to(device);
        for (Tensor t : out) {
            if (t.requiresGrad()) {
                sum = sum.add(t.mul(t.cos()).sum());
            }
        }
        sum.backward();
        for (Tensor t : in) {
            Tensor g = t.grad();
            out.add(g == null ? Tensors.zerosLike(t) : g);
        }
        return out.stream().map(Tensor::detach).toList();
    }

    private static void checkGradients(Sample s, Device device) {
        try (Scope _ = Scope.open()) {
            Function<List<Tensor>, List<Tensor>> fn = x -> s.call().on(device, x);
            Compiled compiled = Graphs.compile(fn, List.of(), CompileOptions.DEFAULT);
            List<Tensor> expected = seeded(() -> withGradients(s, device, fn));
            same(s, "compiled with gradients", expected, seeded(() -> withGradients(s, device, compiled::call)));
            assertEquals(List.of(), compiled.fallbacks(), s::toString);
            compiled.graphs().forEach(Graph::releaseMemory);
        }
    }

    private static Stream<DynamicTest> on(String device, int every, Set<String> refused) {
        return OpSamples.families().entrySet().stream().map(f -> DynamicTest.dynamicTest(device + " " + f.getKey(),
                () -> {
                    List<Sample> samples = f.getValue().get();
                    for (int i = 0; i < samples.size(); i++) {
                        if (i % every == 0 || every < 9 && samples.get(i).gradients() > 0) {
                            check(samples.get(i), Device.of(device), refused);
                        }
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> onTheCpu() {
        Set<String> refused = new TreeSet<>();
        return Stream.concat(on("cpu", 8, refused), Stream.of(DynamicTest.dynamicTest("refused",
                () -> assertTrue(READ_VALUES.containsAll(refused), refused::toString))));
    }

    /// Which has no fused kernels and decomposes much; it is slow, so not every sample.
    @TestFactory
    Stream<DynamicTest> onTheReferenceBackend() {
        return on("reference:0", 19, new TreeSet<>());
    }
}
