package dev.tenon.onnx.export;

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
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ExportedSamplesTest {
    private final Map<String, List<String>> outcomes = new TreeMap<>();

    private void note(String outcome, Sample s, String why) {
        outcomes.computeIfAbsent(outcome, _ -> new ArrayList<>()).add(s + ": " + why.lines().limit(4).toList());
    }

    @Test
    void all() {
        int every = Integer.getInteger("every", 10);
        for (Map.Entry<String, Supplier<List<Sample>>> f : OpSamples.families().entrySet()) {
            List<Sample> all = f.getValue().get();
            for (int i = 0; i < all.size(); i += every) {
                try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
                    check(all.get(i));
                }
            }
        }
        outcomes.forEach((k, v) -> {
            System.out.println("=== " + k + " " + v.size());
            v.stream().limit(Integer.getInteger("show", 40)).forEach(System.out::println);
        });
        outcomes.forEach((k, v) -> System.out.println(k + " " + v.size()));
    }

    private void check(Sample s) {
        Device cpu = Device.of("cpu");
        List<Tensor> in = s.on(cpu).stream().map(Tensor::contiguous).toList();
        Graph g;
        try {
            g = Graphs.capture(x -> s.call().on(cpu, x), in);
        } catch (CaptureException e) {
            note("not captured", s, "");
            return;
        }
        byte[] model;
        try {
            model = OnnxExport.of(g).toBytes();
        } catch (IllegalArgumentException e) {
            note("not exported", s, e.getMessage());
            return;
        }
        List<Tensor> expected = g.run(in);
        try {
            compare("ort", s, expected, OnnxRuntime.run(model, in));
        } catch (OrtException e) {
            note("ort refused", s, String.valueOf(e.getMessage()));
        }
        try {
            compare("importer", s, expected, OnnxModel.read(model, cpu).forwardAll(in.toArray(Tensor[]::new)));
        } catch (OnnxException | RuntimeException e) {
            note("importer refused", s, e.toString());
        }
        g.releaseMemory();
    }

    private void compare(String who, Sample s, List<Tensor> expected, List<Tensor> actual) {
        for (int i = 0; i < expected.size(); i++) {
            if (!expected.get(i).shape().equals(actual.get(i).shape())
                    || expected.get(i).dtype() != actual.get(i).dtype()) {
                note(who + " differs in type", s, expected.get(i).type() + " " + actual.get(i).type());
                return;
            }
            var d = Values.of(actual.get(i)).differenceFrom(Values.of(expected.get(i)), s.family(), s.scale());
            if (d.isPresent()) {
                note(who + " differs", s, d.get());
                return;
            }
        }
        note(who + " agrees", s, "");
        assertTrue(true);
    }
}
