package dev.tenon.onnx.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.graph.CaptureException;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import dev.tenon.onnx.OnnxException;
import dev.tenon.onnx.OnnxModel;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import dev.tenon.tck.samples.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Samples of the TCK, captured and exported, agree with Tenon's own results in ONNX Runtime and when Tenon reads them
/// back. A part stands for all; `-Dtenon.onnx.every=1` takes each.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExportedSamplesTest {
    /// What ONNX has no operator for: special functions, and random numbers, which ONNX's operators do not reproduce.
    private static final String NO_OPERATOR = "(erfinv|ndtri|nextafter|lgamma|digamma|trigamma|polygamma|mvlgamma"
            + "|random_bits|randint|rand.*|uniform|normal|bernoulli|exponential|dropout.*|multinomial).*";
    /// What a graph cannot be: the shape of the result depends on values.
    private static final String NOT_CAPTURED = "indexing .* (mask|masked select|nonzero)";
    /// ONNX leaves open what floating-point numbers beyond an integer type become.
    private static final String UNSPECIFIED = "(copy|cast) b?f\\d+ to [iu]\\d+ (extremes|and on).*";
    /// ONNX Runtime computes powers of integers by way of 64-bit floating-point numbers.
    private static final String INTEGER_POWERS = "(pow|float_power|square) [iu]\\d+ .*";

    /// In ONNX Runtime a NaN does not win a pooling.
    private static final String POOLED_NAN = "max_pool\\dd .* NaN.*";
    /// ONNX does not say where a NaN is sorted to; with one in the input ONNX Runtime's result is in no order.
    private static final String SORTED_NAN = "(sort|top_?k) .* extremes.*";

    private final Map<String, List<String>> outcomes = new TreeMap<>();

    private void note(String outcome, Sample s, String why) {
        outcomes.computeIfAbsent(outcome, _ -> new ArrayList<>()).add(s + ": " + why);
    }

    @BeforeAll
    void run() {
        int every = Integer.getInteger("tenon.onnx.every", 23);
        for (Map.Entry<String, Supplier<List<Sample>>> f : OpSamples.families().entrySet()) {
            List<Sample> all = f.getValue().get();
            for (int i = 0; i < all.size(); i += every) {
                try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
                    check(all.get(i));
                }
            }
        }
    }

    @AfterAll
    void report() {
        System.out.println("exported samples: " + outcomes.keySet().stream()
                .map(k -> k + " " + outcomes.get(k).size()).toList());
    }

    private void none(String outcome) {
        assertEquals(List.of(), outcomes.getOrDefault(outcome, List.of()), outcome);
    }

    @Test
    void whatIsRefusedIsKnown() {
        none("not captured");
        none("not exported");
    }

    @Test
    void onnxRuntimeAgrees() {
        none("ONNX Runtime differs");
        none("ONNX Runtime fails");
        assertTrue(outcomes.get("ONNX Runtime agrees").size() > 100, outcomes.keySet()::toString);
    }

    /// Its kernels of the last resort are for `F32`; of the operators in `F64` and `BF16`, it lacks some.
    @Test
    void whatOnnxRuntimeLacks() {
        TreeSet<String> others = new TreeSet<>();
        for (String s : outcomes.getOrDefault("ONNX Runtime lacks", List.of())) {
            if (!s.matches("(?s)\\S+ (f64|bf16|i8|i16|u8|bool)\\b.*")) {
                others.add(s);
            }
        }
        assertEquals(new TreeSet<>(), others);
    }

    @Test
    void readingBackAgrees() {
        none("read back differs");
        none("read back fails");
        assertTrue(outcomes.get("read back agrees").size() > 100, outcomes.keySet()::toString);
    }

    private void check(Sample s) {
        Device cpu = Device.of("cpu");
        List<Tensor> in = s.on(cpu).stream().map(Tensor::contiguous).toList();
        Graph g;
        try {
            g = Graphs.capture(x -> s.call().on(cpu, x), in);
        } catch (CaptureException e) {
            note(s.toString().matches(NOT_CAPTURED) ? "no graph" : "not captured", s, e.getMessage());
            return;
        }
        byte[] model;
        try {
            model = OnnxExport.of(g).toBytes();
        } catch (IllegalArgumentException e) {
            note(s.op().matches(NO_OPERATOR) ? "no operator" : "not exported", s, e.getMessage());
            return;
        }
        List<Tensor> expected = g.run(in);
        g.releaseMemory();
        if (s.toString().matches(UNSPECIFIED)) {
            note("unspecified", s, "");
            return;
        }
        try {
            List<Tensor> actual = OnnxRuntime.run(model, in);
            if (!s.toString().matches(INTEGER_POWERS + "|" + POOLED_NAN + "|" + SORTED_NAN)) {
                compare("ONNX Runtime", s, expected, actual);
            }
        } catch (OrtException e) {
            boolean lacks = e.getCode() == OrtException.OrtErrorCode.ORT_NOT_IMPLEMENTED;
            note(lacks ? "ONNX Runtime lacks" : "ONNX Runtime fails", s, e.getMessage());
        }
        try {
            compare("read back", s, expected, OnnxModel.read(model, cpu).forwardAll(in.toArray(Tensor[]::new)));
        } catch (OnnxException | RuntimeException e) {
            note("read back fails", s, e.toString());
        }
    }

    private void compare(String who, Sample s, List<Tensor> expected, List<Tensor> actual) {
        for (int i = 0; i < expected.size(); i++) {
            if (!expected.get(i).shape().equals(actual.get(i).shape())
                    || expected.get(i).dtype() != actual.get(i).dtype()) {
                note(who + " differs", s, expected.get(i).type() + " " + actual.get(i).type());
                return;
            }
            Values e = Values.of(expected.get(i));
            Values a = Values.of(actual.get(i));
            if (a.differenceFrom(e, s.family(), s.scale()).isPresent() && !near(e, a)) {
                note(who + " differs", s, a.differenceFrom(e, s.family(), s.scale()).orElseThrow());
                return;
            }
        }
        note(who + " agrees", s, "");
    }

    /// Other runtimes approximate functions less closely, and do not care for the sign of zero.
    private static boolean near(Values expected, Values actual) {
        if (!expected.dtype().isFloating()) {
            return false;
        }
        double allowed = switch (expected.dtype()) {
            case F64 -> 1e-13;
            case F32 -> 1e-6;
            case F16 -> 2e-3;
            default -> 2e-2;
        };
        double scale = 1;
        for (double e : expected.reals()) {
            scale = Double.isFinite(e) ? Math.max(scale, Math.abs(e)) : scale;
        }
        for (int i = 0; i < expected.reals().length; i++) {
            double e = expected.reals()[i];
            double a = actual.reals()[i];
            boolean same = e == a || Double.isNaN(e) && Double.isNaN(a);
            if (!same && !(Math.abs(e - a) <= allowed * scale)) {
                return false;
            }
        }
        return true;
    }
}
