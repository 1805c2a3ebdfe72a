package dev.tenon.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.conformance.OpInfoFile.OpCase;
import dev.tenon.conformance.OpInfoFile.Variant;
import dev.tenon.graph.Agreement;
import dev.tenon.graph.CaptureException;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import dev.tenon.graph.pass.Optimizer;
import dev.tenon.nn.Parameter;
import dev.tenon.tck.samples.Family;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Optimised graphs of PyTorch's operator cases give what they gave before, to the bit, unless a batch normalisation
/// was folded: of each case that can be captured, and of its gradients. Why others cannot is printed.
///
/// The cases are those of [OpInfoConformanceTest], of which every seventh is taken, or every n-th of
/// `-Dtenon.graph.samples=n`; 1 runs all.
class OpInfoGraphTest {
    private static final int EVERY = Integer.getInteger("tenon.graph.samples", 7);
    private static final Optimizer OPTIMIZER = Optimizer.standard();

    private final SkipList skips = SkipList.read("opinfo-skips.txt");
    private final Device device = Device.getDefault();
    private final Agreement agreement = new Agreement();
    private final List<String> failures = new ArrayList<>();
    private final Map<String, List<String>> refused = new TreeMap<>();
    private int smaller;
    private int without;

    @Test
    void optimizedCasesGiveTheSame() {
        Optional<Path> folder = ConformanceFolder.find("opinfo", "index.json");
        assumeTrue(folder.isPresent(), "no operator cases: -Dtenon.conformance.dir names no folder with"
                + " opinfo/index.json, and there is none at ../shared/conformance beside the repository");
        OpInfoFile file = OpInfoFile.read(folder.orElseThrow());
        String only = System.getProperty("tenon.conformance.only", "");
        int number = 0;
        for (Variant v : file.variants()) {
            for (OpCase c : v.cases()) {
                if (number++ % EVERY == 0 && v.name().startsWith(only) && skips.reason(c.id()).isEmpty()) {
                    check(file, v, c, false);
                    if (!c.grads().isEmpty()) {
                        check(file, v, c, true);
                    }
                }
            }
        }
        System.out.print(report());
        assertEquals(List.of(), failures);
        assertTrue(agreement.same() > 10 * refused.values().stream().mapToInt(List::size).sum(),
                "most cases can be captured");
    }

    private void check(OpInfoFile file, Variant v, OpCase c, boolean gradients) {
        String what = v.title() + " " + c.id() + (gradients ? ", gradients" : "");
        try (Scope _ = Scope.open()) {
            List<Tensor> in = new ArrayList<>();
            for (int i = 0; i < c.in().size(); i++) {
                Tensor t = file.tensor(c.in().get(i), device);
                in.add(gradients && c.grads().containsKey(i) ? t.requiresGrad(true) : t);
            }
            check(what, x -> gradients ? gradients(v, c, x) : values(v, c, x), in);
        } catch (CaptureException | NotComparable e) {
            refused.computeIfAbsent(reason(e), _ -> new ArrayList<>()).add(c.id());
        } catch (RuntimeException | AssertionError | StackOverflowError e) {
            failures.add(what + ": " + e);
        }
    }

    private void check(String what, Function<List<Tensor>, List<Tensor>> fn, List<Tensor> in) {
        Graph plain = Graphs.capture(fn, in);
        if (plain.outputs().isEmpty()) {
            without++;
            return;
        }
        // Captured anew: a case may have a generator of its own, which each graph draws from.
        Optimizer.Optimized better = OPTIMIZER.optimize(Graphs.capture(fn, in));
        smaller += better.graph().nodes().size() < plain.nodes().size() ? 1 : 0;
        boolean folded = better.report().passes().stream()
                .anyMatch(p -> p.pass().equals("fold-batch-norm") && p.turns() > 0);
        try (Context.Mode _ = Context.noGrad()) {
            List<Tensor> given = in.stream().map(Tensor::detach).toList();
            List<Tensor> expected = run(plain, given);
            agreement.check(what, expected, run(better.graph(), given), folded ? Family.FORMULA : Family.EXACT, 1);
        }
    }

    private static List<Tensor> run(Graph g, List<Tensor> in) {
        Tensors.manualSeed(1);
        try {
            return g.run(in);
        } finally {
            g.releaseMemory();
        }
    }

    private List<Tensor> values(Variant v, OpCase c, List<Tensor> in) {
        List<Tensor> out = new ArrayList<>();
        Context.noGrad(() -> {
            tensors(Outcome.of(OpInfoRun.call(v, c, in, device)).value(), out);
            return out;
        });
        return out;
    }

    private List<Tensor> gradients(Variant v, OpCase c, List<Tensor> in) {
        Outcome result = Outcome.of(OpInfoRun.call(v, c, in, device));
        List<Tensor> outs = new ArrayList<>();
        tensors(result.value(), outs);
        Tensor loss = null;
        for (int k = 0; k < outs.size(); k++) {
            Tensor out = outs.get(k);
            if (out.dtype().isFloating() && out.requiresGrad()) {
                Tensor weighted = out.mul(OpInfoRun.weights(out, k, device)).sum();
                loss = loss == null ? weighted : loss.add(weighted);
            }
        }
        if (loss != null) {
            loss.backward();
        }
        List<Tensor> grads = new ArrayList<>();
        for (Tensor t : in) {
            Parameter p = result.parameters().get(t);
            Tensor g = p == null ? t.grad() : p.grad();
            if (g != null) {
                grads.add(g);
            }
        }
        return grads;
    }

    private static void tensors(@Nullable Object tree, List<Tensor> out) {
        if (tree instanceof Tensor t) {
            out.add(t);
        } else if (tree instanceof List<?> l) {
            l.forEach(x -> tensors(x, out));
        }
    }

    /// The message of a refusal without what is particular to one case.
    private static String reason(RuntimeException e) {
        return String.valueOf(e.getMessage()).replaceAll("( at| called from) \\S+\\(\\S*\\)", "")
                .replaceAll("\\w+\\[[\\d, ]*\\]", "x").replaceAll(":.*", "");
    }

    private String report() {
        StringBuilder s = new StringBuilder();
        failures.forEach(f -> s.append(f.length() > 400 ? f.substring(0, 400) + "..." : f).append('\n'));
        refused.forEach((why, ids) -> s.append(String.format("not captured %4d: %s (%s ...)%n", ids.size(), why,
                ids.getFirst())));
        s.append(String.format("opinfo graphs %s, every %d: %d equal to the bit, %d within tolerance, %d failed,"
                + " %d smaller, %d without tensors, %d not captured%n", device, EVERY, agreement.same(),
                agreement.near(), failures.size(), smaller, without,
                refused.values().stream().mapToInt(List::size).sum()));
        return s.toString();
    }
}
