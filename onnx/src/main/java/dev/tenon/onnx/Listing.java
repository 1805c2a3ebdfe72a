package dev.tenon.onnx;

import dev.tenon.api.Tensor;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// A model as text.
final class Listing {
    private final StringBuilder out = new StringBuilder();

    private Listing() {}

    static String of(OnnxModel model) {
        Listing l = new Listing();
        l.model(model);
        return l.out.toString();
    }

    private void model(OnnxModel m) {
        line("graph     " + m.name() + (m.producer().isEmpty() ? "" : ", written by " + m.producer()));
        line("opsets    " + m.opsets().entrySet().stream()
                .map(e -> (e.getKey().isEmpty() ? "ai.onnx" : e.getKey()) + " " + e.getValue())
                .collect(Collectors.joining(", ")));
        m.inputs().forEach(i -> line("input     " + i));
        m.outputs().forEach(o -> line("output    " + o));
        long numbers = m.parameters().values().stream().mapToLong(Tensor::elements).sum();
        long bytes = m.parameters().values().stream().mapToLong(p -> p.elements() * p.dtype().bytes()).sum();
        line(String.format(Locale.ROOT, "parameters %d with %,d numbers, %,d bytes", m.parameters().size(), numbers,
                bytes));
        m.parameters().forEach((name, p) -> line(String.format(Locale.ROOT, "  %-40s %-18s %,14d", name,
                p.dtype() + "" + p.shape(), p.elements())));
        line("operators " + m.operatorCounts().entrySet().stream().map(e -> e.getKey() + " " + e.getValue())
                .collect(Collectors.joining(", ")));
        line("nodes");
        nodes(m.graph(), 1);
    }

    private void nodes(OnnxGraph g, int depth) {
        for (OnnxNode n : g.nodes()) {
            String attributes = n.attributes().values().entrySet().stream()
                    .filter(e -> !(e.getValue() instanceof OnnxGraph)).sorted(Map.Entry.comparingByKey())
                    .map(e -> e.getKey() + "=" + text(e.getValue())).collect(Collectors.joining(", ", "{", "}"));
            line("  ".repeat(depth) + String.join(", ", n.outputs()) + " = "
                    + (n.domain().isEmpty() ? "" : n.domain() + ".") + n.operator()
                    + "(" + String.join(", ", n.inputs()) + ")" + (attributes.equals("{}") ? "" : " " + attributes));
            n.attributes().values().entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(e -> {
                if (e.getValue() instanceof OnnxGraph inner) {
                    line("  ".repeat(depth + 1) + e.getKey() + "(" + inner.inputs().stream().map(ValueInfo::name)
                            .collect(Collectors.joining(", ")) + ") -> " + inner.outputs().stream()
                            .map(ValueInfo::name).collect(Collectors.joining(", ")));
                    nodes(inner, depth + 2);
                }
            });
        }
    }

    private static String text(Object value) {
        return switch (value) {
            case long[] v -> Arrays.toString(v);
            case double[] v -> Arrays.toString(v);
            case String s -> s.length() > 40 ? '"' + s.substring(0, 40) + "...\"" : '"' + s + '"';
            default -> value.toString();
        };
    }

    private void line(String text) {
        out.append(text).append(System.lineSeparator());
    }
}
