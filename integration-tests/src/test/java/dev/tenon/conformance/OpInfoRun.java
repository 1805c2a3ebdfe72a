package dev.tenon.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.conformance.OpInfoFile.OpCase;
import dev.tenon.conformance.OpInfoFile.Stored;
import dev.tenon.conformance.OpInfoFile.Variant;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One run over the operator cases that PyTorch computed, values and gradients, on a device.
///
/// `-Dtenon.conformance.only=add` runs the operators whose names start so, `-Dtenon.conformance.gradients=false` leaves
/// gradients unchecked.
final class OpInfoRun {
    /// How the cases of one kind and tier went.
    private static final class Count {
        int passed;
        int failed;
        int skipped;
    }

    private static final boolean GRADIENTS =
            Boolean.parseBoolean(System.getProperty("tenon.conformance.gradients", "true"));

    private final Map<String, Count> counts = new TreeMap<>();
    private final Count total = new Count();
    private final List<String> failures = new ArrayList<>();
    private final Map<String, Integer> reasons = new TreeMap<>();
    private final SkipList skips = SkipList.read("opinfo-skips.txt");

    private final Device device;
    private final OpInfoFile file;

    private OpInfoRun(Device device, OpInfoFile file) {
        this.device = device;
        this.file = file;
    }

    /// Runs the cases of every n-th operator and dtype and fails if any of them does; skipped where there are no cases.
    static void on(Device device, int every) {
        Optional<Path> folder = ConformanceFolder.find("opinfo", "index.json");
        assumeTrue(folder.isPresent(),
                "no operator cases: -Dtenon.conformance.dir names no folder with opinfo/index.json,"
                + " and there is none at ../shared/conformance beside the repository");
        OpInfoRun run = new OpInfoRun(device, OpInfoFile.read(folder.orElseThrow()));
        String only = System.getProperty("tenon.conformance.only", "");
        List<Variant> variants = run.file.variants();
        for (int i = 0; i < variants.size(); i += every) {
            if (variants.get(i).name().startsWith(only)) {
                run.run(variants.get(i));
            }
        }
        System.out.print(run.report());
        assertEquals(0, run.total.failed, "operator cases failed; they are listed above the table");
    }

    private void run(Variant v) {
        for (OpCase c : v.cases()) {
            attempt(v, c, () -> check(v, c));
        }
        for (OpCase c : v.errors()) {
            attempt(v, c, () -> checkError(v, c));
        }
    }

    private void attempt(Variant v, OpCase c, Runnable body) {
        Count count = counts.computeIfAbsent("tier " + v.tier() + "  " + v.kind(), _ -> new Count());
        Optional<String> skip = skips.reason(c.id());
        if (skip.isPresent()) {
            count.skipped++;
            total.skipped++;
            reasons.merge(skip.get(), 1, Integer::sum);
            return;
        }
        try (Scope _ = Scope.open()) {
            body.run();
            count.passed++;
            total.passed++;
        } catch (NotComparable e) {
            count.skipped++;
            total.skipped++;
            reasons.merge(e.getMessage(), 1, Integer::sum);
        } catch (RuntimeException | AssertionError | StackOverflowError e) {
            count.failed++;
            total.failed++;
            String where = e instanceof TensorException || e instanceof AssertionError ? "" : " " + origin(e);
            failures.add(v.title() + " " + c.id() + ": " + e.getClass().getSimpleName() + ": " + e.getMessage()
                    + where);
        }
    }

    /// The first frames of an error that no op has reported in its own words.
    private static String origin(Throwable e) {
        StackTraceElement[] frames = e.getStackTrace();
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < Math.min(4, frames.length); i++) {
            s.append(" < ").append(frames[i].getFileName()).append(':').append(frames[i].getLineNumber());
        }
        return s.toString();
    }

    static @Nullable Object call(Variant v, OpCase c, List<Tensor> in, Device device) {
        OpTable.Entry entry = OpTable.get(v.name());
        Args args = new Args(entry.signature(), OpInfoFile.trees(c.args(), in), keywords(c, in), device);
        return entry.function().apply(args);
    }

    private static Map<String, @Nullable Object> keywords(OpCase c, List<Tensor> in) {
        Map<String, @Nullable Object> named = new TreeMap<>();
        c.kwargs().forEach((k, v) -> named.put(k, OpInfoFile.tree(v, in)));
        return named;
    }

    private void check(Variant v, OpCase c) {
        List<Tensor> in = new ArrayList<>();
        for (int i = 0; i < c.in().size(); i++) {
            Tensor t = file.tensor(c.in().get(i), device);
            in.add(GRADIENTS && c.grads().containsKey(i) ? t.requiresGrad(true) : t);
        }
        Outcome result = Outcome.of(call(v, c, in, device));
        List<@Nullable Tensor> outs = Comparison.outputs(c.out(), result.value(), c.outs().size());
        boolean shapeOnly = c.shapeOnly() || result.random();
        try (Context.Mode _ = Context.noGrad()) {
            List<Tensor> wanted = new ArrayList<>();
            for (int k = 0; k < outs.size(); k++) {
                Stored want = c.outs().get(k);
                Tensor got = outs.get(k);
                if (got == null) {
                    throw new AssertionError("output " + k + " is missing");
                }
                wanted.add(shapeOnly || want.skipped() ? got : file.tensor(want, device));
            }
            List<Tensor> expected = result.expected().apply(wanted);
            for (int k = 0; k < outs.size(); k++) {
                Tensor got = Objects.requireNonNull(outs.get(k));
                Comparison.compare("output " + k, c.outs().get(k), expected.get(k), got, shapeOnly);
            }
        }
        if (GRADIENTS && !c.grads().isEmpty() && !result.random()) {
            checkGradients(c, in, outs, result);
        }
    }

    private void checkGradients(OpCase c, List<Tensor> in, List<@Nullable Tensor> outs, Outcome result) {
        Tensor loss = null;
        for (int k = 0; k < outs.size(); k++) {
            Tensor out = outs.get(k);
            if (out != null && out.dtype().isFloating() && out.requiresGrad()) {
                Tensor weighted = out.mul(weights(out, k, device)).sum();
                loss = loss == null ? weighted : loss.add(weighted);
            }
        }
        if (loss != null) {
            loss.backward();
        }
        result.parameters().forEach((operand, parameter) -> operand.setGrad(parameter.grad()));
        try (Context.Mode _ = Context.noGrad()) {
            c.grads().forEach((i, stored) -> {
                Stored want = stored == null ? null : stored.withTolerance(result.gradientTolerance());
                Tensor got = in.get(i).grad();
                Tensor zero = Tensors.zerosLike(in.get(i));
                String what = "gradient of operand " + i;
                if (want != null) {
                    Comparison.compare(what, want, file.tensor(want, device), got == null ? zero : got, false);
                } else if (got != null) {
                    // No path, or one along which nothing changes.
                    Stored none = new Stored(got.dtype(), got.shape(), 0, 0, 0, false);
                    Comparison.compare(what, none, zero, got, false);
                }
            });
        }
    }

    /// The weights by which the elements of output `k` enter the loss.
    static Tensor weights(Tensor out, int k, Device device) {
        double[] w = new double[(int) out.elements()];
        for (int i = 0; i < w.length; i++) {
            w[i] = ((37L * i + 11 + 7L * k) % 67 - 33) / 32.0;
        }
        Tensor t = Tensors.of(w, out.shape(), device);
        return out.dtype() == DType.F64 ? t : t.to(out.dtype());
    }

    private void checkError(Variant v, OpCase c) {
        List<Tensor> in = new ArrayList<>();
        c.in().forEach(s -> in.add(file.tensor(s, device)));
        Object result;
        try {
            result = Outcome.of(call(v, c, in, device)).value();
        } catch (TensorException e) {
            if (e.getMessage() == null || e.getMessage().length() < 10) {
                throw new AssertionError("the error says too little: " + e.getMessage(), e);
            }
            return;
        }
        throw new AssertionError("expected a TensorException, got " + result);
    }

    private String report() {
        StringBuilder s = new StringBuilder();
        failures.forEach(f -> s.append(f.length() > 400 ? f.substring(0, 400) + "..." : f).append('\n'));
        s.append(String.format("%n%-34s %8s %8s %8s%n", "kind", "passed", "failed", "skipped"));
        counts.forEach((kind, n) ->
                s.append(String.format("%-34s %8d %8d %8d%n", kind, n.passed, n.failed, n.skipped)));
        reasons.forEach((why, n) -> s.append(String.format("skipped %5d: %s%n", n, why)));
        s.append("opinfo ").append(device).append(": ").append(total.passed).append(" passed, ").append(total.failed)
                .append(" failed, ").append(total.skipped).append(" skipped").append(System.lineSeparator());
        return s.toString();
    }
}
