package dev.tenon.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensors;
import dev.tenon.onnx.OnnxException;
import dev.tenon.onnx.OnnxModel;
import dev.tenon.onnx.OnnxType;
import dev.tenon.onnx.OnnxValue;
import dev.tenon.onnx.OnnxValues;
import dev.tenon.onnx.ValueInfo;
import dev.tenon.onnx.ValueType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Runs ONNX's own backend cases on the device of `-Dtenon.device`.
///
/// The cases are zip files or plain folders in the folder `onnx-node` of `-Dtenon.conformance.dir`, by default of
/// `shared/conformance` beside the repository; where there are none the test is skipped.
/// `-Dtenon.conformance.only=test_conv` runs the cases whose names start so, `-Dtenon.conformance.set=v1.8.1` one set.
class OnnxNodeConformanceTest {
    private static final double RELATIVE = 1e-3;
    private static final double ABSOLUTE = 1e-5;
    /// Sums of many terms that cancel.
    private static final double ABSOLUTE_FOURIER = 1e-3;

    /// How the cases of an operator and version went, or those of a set.
    private static final class Count {
        int passed;
        int failed;
        int skipped;
    }

    private final SkipList skips = SkipList.read("onnx-node-skips.txt");
    private final Device device = Device.getDefault();
    private int failed;

    @Test
    void everyCase() throws IOException {
        List<OnnxCases> sets = OnnxCases.find();
        assumeFalse(sets.isEmpty(),
                "no ONNX cases: -Dtenon.conformance.dir names no folder with onnx-node in it,"
                + " and there is none at ../shared/conformance beside the repository");
        String only = System.getProperty("tenon.conformance.only", "");
        String set = System.getProperty("tenon.conformance.set", "");
        StringBuilder totals = new StringBuilder();
        for (OnnxCases cases : sets) {
            if (cases.tag().startsWith(set)) {
                totals.append(run(cases, only));
            }
        }
        System.out.print(totals);
        assertEquals(0, failed, "ONNX cases failed; they are listed above the tables");
    }

    private String run(OnnxCases cases, String only) throws IOException {
        Map<String, TreeMap<Integer, Count>> table = new TreeMap<>();
        Count total = new Count();
        List<String> failures = new ArrayList<>();
        Map<String, Integer> reasons = new TreeMap<>();
        try (cases) {
            for (String name : cases.names()) {
                if (!name.startsWith(only)) {
                    continue;
                }
                Optional<String> skip = skips.reason(name);
                if (skip.isPresent()) {
                    total.skipped++;
                    reasons.merge(skip.get(), 1, Integer::sum);
                    continue;
                }
                attempt(cases, name, table, total, failures);
            }
        }
        failed += total.failed;
        failures.forEach(f -> System.out.println(f.length() > 500 ? f.substring(0, 500) + "..." : f));
        System.out.printf("%n%-8s %-34s %s%n", cases.tag(), "operator", "opset: passed/cases");
        table.forEach((op, byOpset) -> {
            StringBuilder line = new StringBuilder();
            byOpset.forEach((opset, c) -> line.append(String.format("  %d: %d/%d", opset, c.passed,
                    c.passed + c.failed)));
            System.out.printf("%-8s %-34s%s%n", "", op, line);
        });
        reasons.forEach((reason, n) -> System.out.printf("skipped %d: %s%n", n, reason));
        return String.format("onnx-node %s %s: %d passed, %d failed, %d skipped%n", cases.tag(), device, total.passed,
                total.failed, total.skipped);
    }

    private void attempt(OnnxCases cases, String name, Map<String, TreeMap<Integer, Count>> table, Count total,
            List<String> failures) throws IOException {
        String operator = "(not read)";
        int opset = 0;
        boolean ok = false;
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            OnnxModel model = cases.model(name, device);
            var counts = model.operatorCounts();
            operator = counts.size() == 1 ? counts.firstKey() : "(several)";
            opset = model.opsets().getOrDefault("", 0);
            check(cases, name, model);
            ok = true;
        } catch (RuntimeException | AssertionError | StackOverflowError | OnnxException e) {
            failures.add(name + ": " + e.getClass().getSimpleName() + ": " + e.getMessage() + origin(e));
        }
        Count c = table.computeIfAbsent(operator, _ -> new TreeMap<>()).computeIfAbsent(opset, _ -> new Count());
        if (ok) {
            c.passed++;
            total.passed++;
        } else {
            c.failed++;
            total.failed++;
        }
    }

    /// The first frames of an error that is not one of the comparison.
    private static String origin(Throwable e) {
        if (e instanceof AssertionError || e instanceof OnnxException) {
            return "";
        }
        Throwable t = e;
        while (t.getCause() != null) {
            t = t.getCause();
        }
        StringBuilder s = new StringBuilder();
        StackTraceElement[] frames = t.getStackTrace();
        for (int i = 0; i < Math.min(4, frames.length); i++) {
            s.append(" < ").append(frames[i].getFileName()).append(':').append(frames[i].getLineNumber());
        }
        return s.toString();
    }

    private void check(OnnxCases cases, String name, OnnxModel model) throws IOException {
        List<String> sets = cases.dataSets(name);
        assertEquals(false, sets.isEmpty(), name + " has no data");
        for (String set : sets) {
            Map<String, OnnxValue> inputs = new LinkedHashMap<>();
            List<ValueInfo> wanted = model.inputs();
            for (int k = 0; k < wanted.size(); k++) {
                ValueInfo info = wanted.get(k);
                Optional<byte[]> bytes = cases.file(name, set + "/input_" + k + ".pb");
                if (bytes.isPresent()) {
                    inputs.put(info.name(), OnnxValues.read(bytes.get(), info.type(), device));
                } else if (name.startsWith("light_")) {
                    inputs.put(info.name(), ramp(info.type(), device));
                }
            }
            Map<String, OnnxValue> got = model.run(inputs);
            double atol = model.operatorCounts().keySet().stream().anyMatch(o -> o.equals("DFT") || o.equals("STFT"))
                    ? ABSOLUTE_FOURIER : ABSOLUTE;
            int compared = 0;
            for (ValueInfo out : model.outputs()) {
                Optional<byte[]> bytes = cases.file(name, set + "/output_" + compared + ".pb");
                if (bytes.isPresent()) {
                    OnnxValue want = OnnxValues.read(bytes.get(), out.type(), device);
                    compare("output " + out.name(), want, got.get(out.name()), atol);
                }
                compared++;
            }
        }
    }

    /// 0, 1/n, 2/n, ... in the declared shape.
    static OnnxValue ramp(ValueType type, Device device) {
        Shape shape = ((ValueType.OfTensor) type).shape().orElseThrow();
        float[] v = new float[(int) shape.elements()];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) (i / (double) v.length);
        }
        return OnnxValue.of(Tensors.of(v, shape, device));
    }

    // --- comparing

    private static void compare(String what, OnnxValue want, OnnxValue got, double atol) {
        switch (want) {
            case OnnxValue.OfTensor w -> tensors(what, w, got, atol);
            case OnnxValue.Strings w -> assertEquals(w, got, what);
            case OnnxValue.Sequence w -> {
                if (!(got instanceof OnnxValue.Sequence g) || g.values().size() != w.values().size()) {
                    throw new AssertionError(what + ": wanted " + w + ", got " + got);
                }
                for (int i = 0; i < w.values().size(); i++) {
                    compare(what + ", element " + i, w.values().get(i), g.values().get(i), atol);
                }
            }
            case OnnxValue.Optional w -> {
                OnnxValue g = got instanceof OnnxValue.Optional o ? o.value() : got;
                if (w.value() == null || g == null) {
                    assertEquals(w.value(), g, what);
                } else {
                    compare(what, w.value(), g, atol);
                }
            }
            case OnnxValue.OfMap w -> assertEquals(w, got, what);
        }
    }

    private static void tensors(String what, OnnxValue.OfTensor want, OnnxValue got, double atol) {
        if (!(got instanceof OnnxValue.OfTensor g) || g.type() != want.type() || !g.shape().equals(want.shape())) {
            throw new AssertionError(what + ": wanted " + want + ", got " + got);
        }
        boolean exact = want.type() == OnnxType.INT64 || want.type() == OnnxType.UINT64;
        if (exact) {
            long[] w = want.tensor().toLongArray();
            long[] x = g.tensor().toLongArray();
            for (int i = 0; i < w.length; i++) {
                if (w[i] != x[i] && Math.abs((double) w[i] - x[i]) > atol + RELATIVE * Math.abs((double) w[i])) {
                    throw new AssertionError(what + ": element " + i + " of " + want + ": wanted " + w[i] + ", got "
                            + x[i]);
                }
            }
            return;
        }
        double[] w = want.tensor().toDoubleArray();
        double[] x = g.tensor().toDoubleArray();
        for (int i = 0; i < w.length; i++) {
            boolean same = w[i] == x[i] || Double.isNaN(w[i]) && Double.isNaN(x[i])
                    || Math.abs(w[i] - x[i]) <= atol + RELATIVE * Math.abs(w[i]) && !Double.isInfinite(w[i]);
            if (!same) {
                throw new AssertionError(what + ": element " + i + " of " + want + ": wanted " + w[i] + ", got "
                        + x[i]);
            }
        }
    }

    /// The folders that may hold cases.
    static List<Path> folders() {
        String given = System.getProperty("tenon.conformance.dir");
        List<Path> candidates = new ArrayList<>();
        if (given != null) {
            candidates.add(Path.of(given));
            candidates.add(Path.of("..").resolve(given));
        }
        for (Path p = Path.of("").toAbsolutePath(); given == null && p != null; p = p.getParent()) {
            candidates.add(p.resolve("shared").resolve("conformance"));
        }
        return candidates.stream().map(p -> p.resolve("onnx-node")).filter(Files::isDirectory).limit(1).toList();
    }

    static List<Path> listed(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.sorted().toList();
        }
    }
}
