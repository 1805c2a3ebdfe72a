package dev.tenon.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Agreement;
import dev.tenon.graph.CaptureException;
import dev.tenon.graph.CompileOptions;
import dev.tenon.graph.Compiled;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import dev.tenon.onnx.OnnxModel;
import dev.tenon.onnx.OnnxValue;
import dev.tenon.onnx.OnnxValues;
import dev.tenon.onnx.ValueInfo;
import dev.tenon.tck.samples.Family;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/// Imported models can be captured and compiled, and give what they give eagerly: ONNX's own backend cases, those of
/// [OnnxNodeConformanceTest].
///
/// Every input that is a tensor becomes an input of the graph. Where a model must know one at the capture, because
/// shapes depend on it, only floating-point numbers do, or only the first; the others are given to the capture as they
/// are. What cannot be captured even so is listed with its reason in `onnx-graph-refusals.txt`. Every fifth model is
/// taken, or every n-th of `-Dtenon.graph.samples=n`; 1 runs all.
class OnnxGraphTest {
    private static final int EVERY = Integer.getInteger("tenon.graph.samples", 5);

    private final SkipList skips = SkipList.read("onnx-node-skips.txt");
    private final SkipList refusals = SkipList.read("onnx-graph-refusals.txt");
    private final Device device = Device.getDefault();
    private final Agreement agreement = new Agreement();
    private final List<String> failures = new ArrayList<>();
    private final Map<String, List<String>> refused = new TreeMap<>();
    private final Map<Varying, Integer> captured = new EnumMap<>(Varying.class);

    @Test
    void capturedModelsGiveTheSame() throws IOException {
        List<OnnxCases> sets = OnnxCases.find();
        assumeFalse(sets.isEmpty(), "no ONNX cases: -Dtenon.conformance.dir names no folder with onnx-node in it,"
                + " and there is none at ../shared/conformance beside the repository");
        String only = System.getProperty("tenon.conformance.only", "");
        int number = 0;
        for (OnnxCases cases : sets) {
            try (cases) {
                for (String name : cases.names()) {
                    if (number++ % EVERY == 0 && name.startsWith(only) && skips.reason(name).isEmpty()) {
                        check(cases, name);
                    }
                }
            }
        }
        System.out.print(report());
        assertEquals(List.of(), failures);
    }

    private void check(OnnxCases cases, String name) throws IOException {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            OnnxModel model = cases.model(name, device);
            Map<String, OnnxValue> inputs = inputs(cases, name, model);
            Tensors.manualSeed(1);
            List<Tensor> expected = tensors(model.run(inputs));
            String reason = "";
            for (Varying which : Varying.values()) {
                Call call = new Call(model, inputs, which);
                try {
                    check(cases.tag() + " " + name, call, expected);
                    captured.merge(which, 1, Integer::sum);
                    return;
                } catch (CaptureException e) {
                    reason = String.valueOf(e.getMessage());
                }
            }
            String known = refusals.reason(name).orElse("");
            if (known.isEmpty()) {
                failures.add(name + " is not captured, and not listed: " + reason);
            }
            refused.computeIfAbsent(known, _ -> new ArrayList<>()).add(name);
        } catch (IOException | RuntimeException | AssertionError | StackOverflowError e) {
            failures.add(cases.tag() + " " + name + ": " + e);
        }
    }

    private Map<String, OnnxValue> inputs(OnnxCases cases, String name, OnnxModel model) throws IOException {
        Map<String, OnnxValue> inputs = new LinkedHashMap<>();
        List<ValueInfo> wanted = model.inputs();
        for (int k = 0; k < wanted.size(); k++) {
            ValueInfo info = wanted.get(k);
            Optional<byte[]> bytes = cases.file(name, cases.dataSets(name).getFirst() + "/input_" + k + ".pb");
            if (bytes.isPresent()) {
                inputs.put(info.name(), OnnxValues.read(bytes.get(), info.type(), device));
            } else if (name.startsWith("light_")) {
                inputs.put(info.name(), OnnxNodeConformanceTest.ramp(info.type(), device));
            }
        }
        return inputs;
    }

    private void check(String what, Call call, List<Tensor> expected) {
        List<Tensor> in = call.tensors();
        Tensors.manualSeed(1);
        Graph g = Graphs.capture(call, in);
        agreement.check(what + ", captured", expected, g.run(in), Family.EXACT, 0);
        g.releaseMemory();
        Compiled compiled = Graphs.compile(call, List.of(), CompileOptions.DEFAULT);
        Tensors.manualSeed(1);
        agreement.check(what + ", compiled", expected, compiled.call(in), Family.FORMULA, 1);
        assertEquals(List.of(), compiled.fallbacks(), what);
        compiled.clear();
    }

    /// Which tensors that a model is given become inputs of the graph.
    private enum Varying {
        ALL, FLOATS, FIRST
    }

    /// A model as a function of tensors.
    private record Call(OnnxModel model, Map<String, OnnxValue> inputs, Varying which)
            implements Function<List<Tensor>, List<Tensor>> {
        private boolean varies(OnnxValue v) {
            return v instanceof OnnxValue.OfTensor t && switch (which) {
                case ALL -> true;
                case FLOATS -> t.tensor().dtype().isFloating();
                case FIRST -> v == inputs.values().iterator().next();
            };
        }

        /// The inputs that the graph has.
        List<Tensor> tensors() {
            return inputs.values().stream().filter(this::varies).map(OnnxValue::tensor).toList();
        }

        @Override
        public List<Tensor> apply(List<Tensor> in) {
            Map<String, OnnxValue> values = new LinkedHashMap<>();
            var next = in.iterator();
            inputs.forEach((name, v) -> {
                if (varies(v)) {
                    values.put(name, OnnxValue.of(v.type(), next.next()));
                } else {
                    values.put(name, v instanceof OnnxValue.OfTensor t
                            ? new OnnxValue.OfTensor(t.type(), t.tensor(), true) : v);
                }
            });
            return OnnxGraphTest.tensors(model.run(values));
        }
    }

    private static List<Tensor> tensors(Map<String, OnnxValue> outputs) {
        List<Tensor> out = new ArrayList<>();
        outputs.values().forEach(v -> tensors(v, out));
        return out;
    }

    private static void tensors(OnnxValue v, List<Tensor> out) {
        switch (v) {
            case OnnxValue.OfTensor t -> out.add(t.tensor());
            case OnnxValue.Sequence s -> s.values().forEach(x -> tensors(x, out));
            case OnnxValue.Optional o -> {
                OnnxValue value = o.value();
                if (value != null) {
                    tensors(value, out);
                }
            }
            case OnnxValue.Strings _, OnnxValue.OfMap _ -> { }
        }
    }

    private String report() {
        StringBuilder s = new StringBuilder();
        failures.forEach(f -> s.append(f.length() > 400 ? f.substring(0, 400) + "..." : f).append('\n'));
        refused.forEach((why, names) -> s.append(String.format("not captured %4d: %s (%s ...)%n", names.size(), why,
                names.getFirst())));
        s.append(String.format("onnx graphs %s, every %d: %d captured, by the inputs that vary %s, %d not captured,"
                + " %d failed; %d results equal to the bit, %d within tolerance%n", device, EVERY,
                captured.values().stream().mapToInt(Integer::intValue).sum(), captured,
                refused.values().stream().mapToInt(List::size).sum(), failures.size(), agreement.same(),
                agreement.near()));
        return s.toString();
    }
}
