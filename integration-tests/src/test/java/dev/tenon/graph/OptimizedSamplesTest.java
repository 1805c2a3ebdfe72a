package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.pass.Optimizer;
import dev.tenon.tck.samples.Family;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Optimised graphs of the samples of the backend TCK give what they gave before: of each sample alone, of each between
/// elementwise ops with which it can be fused, and of its gradients. Every seventh sample, or every n-th of
/// `-Dtenon.graph.samples=n`; 1 runs all, in about a minute.
class OptimizedSamplesTest {
    private static final Optimizer OPTIMIZER = Optimizer.standard();
    private static final int EVERY = Integer.getInteger("tenon.graph.samples", 7);
    private static final Agreement AGREEMENT = new Agreement();
    private static int refused;
    private static int smaller;

    @TestFactory
    Stream<DynamicTest> samples() {
        return OpSamples.families().entrySet().stream().map(f -> DynamicTest.dynamicTest(f.getKey(),
                () -> some(f.getValue().get()).forEach(OptimizedSamplesTest::check)));
    }

    private static List<Sample> some(List<Sample> all) {
        return IntStream.range(0, all.size()).filter(i -> i % EVERY == 0).mapToObj(all::get).toList();
    }

    @AfterAll
    static void report() {
        System.out.println("optimised samples: " + AGREEMENT.same + " equal to the bit, " + AGREEMENT.near
                + " within tolerance, " + smaller + " graphs made smaller, " + refused + " not captured");
        assertTrue(AGREEMENT.same + AGREEMENT.near > 10 * refused, "most samples can be captured");
    }

    private static void check(Sample s) {
        Device device = Device.getDefault();
        check(s, "", in -> s.call().on(device, in));
        check(s, " between maps", in -> after(s.call().on(device, before(in))));
        if (s.gradients() > 0 && (s.dtype() == DType.F32 || s.dtype() == DType.F64)) {
            check(s, " gradients", in -> gradients(s.call().on(device, in), in));
        }
    }

    private static List<Tensor> before(List<Tensor> in) {
        List<Tensor> out = new ArrayList<>();
        in.forEach(t -> out.add(t.dtype().isFloating() && t.elements() > 0 ? t.neg().neg() : t));
        return out;
    }

    private static List<Tensor> after(List<Tensor> in) {
        List<Tensor> out = new ArrayList<>();
        in.forEach(t -> out.add(t.dtype().isFloating() ? t.mul(0.5).relu() : t));
        return out;
    }

    private static List<Tensor> gradients(List<Tensor> out, List<Tensor> in) {
        Tensor loss = null;
        for (Tensor t : out) {
            if (t.requiresGrad()) {
                Tensor part = t.mul(t.detach().cos()).sum().to(DType.F64);
                loss = loss == null ? part : loss.add(part);
            }
        }
        if (loss != null) {
            loss.backward();
        }
        List<Tensor> grads = new ArrayList<>();
        for (Tensor t : in) {
            Tensor g = t.grad();
            if (g != null) {
                grads.add(g);
            }
        }
        return grads;
    }

    private static void check(Sample s, String variant, Function<List<Tensor>, List<Tensor>> fn) {
        try (Scope _ = Scope.open()) {
            Device device = Device.getDefault();
            List<Tensor> in = s.on(device);
            if (variant.endsWith("gradients")) {
                in.forEach(t -> t.requiresGrad(t.dtype().isFloating()));
            }
            Graph g;
            try {
                g = Graphs.capture(fn, in);
            } catch (CaptureException e) {
                refused++;
                return;
            }
            // Captured anew: a sample may have a generator of its own, which each graph draws from.
            Graph better = OPTIMIZER.apply(Graphs.capture(fn, in));
            smaller += better.nodes().size() < g.nodes().size() ? 1 : 0;
            try (Context.Mode _ = Context.noGrad()) {
                List<Tensor> plain = in.stream().map(Tensor::detach).toList();
                Family family = s.family() == Family.EXACT || s.family() == Family.EXTREMUM
                        ? Family.FORMULA : s.family();
                double scale = variant.isEmpty() ? s.scale() : 16 * Math.max(1, s.scale());
                Tensors.manualSeed(1);
                List<Tensor> expected = g.run(plain);
                Tensors.manualSeed(1);
                AGREEMENT.check(s + variant, expected, better.run(plain), family, scale);
            }
        }
    }
}
