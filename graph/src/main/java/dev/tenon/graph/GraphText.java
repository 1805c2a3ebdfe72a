package dev.tenon.graph;

import dev.tenon.graph.draw.OpFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A graph as text: one line for each node, with its results and their types, its op, operands and attributes, and the
/// line of the program that it comes from.
final class GraphText {
    /// Where the comments begin, if a line is not longer.
    private static final int COMMENT = 80;

    private final Map<Value, String> names = new IdentityHashMap<>();
    private final StringBuilder s = new StringBuilder();
    private int next;

    private GraphText() {}

    static String of(Graph g) {
        GraphText t = new GraphText();
        t.graph(g, "");
        return t.s.toString();
    }

    private void graph(Graph g, String indent) {
        s.append(indent).append("graph ").append(g.name()).append('(').append(g.inputs().stream()
                .map(i -> i.name() + ": " + i.type()).collect(Collectors.joining(", "))).append(")\n");
        g.parameters().forEach(p -> line(indent, "parameter " + p.name() + ": " + p.type()));
        g.constants().forEach(c -> line(indent, "constant " + c.name() + ": " + c.type()));
        for (Node n : g.nodes()) {
            n.outputs().forEach(o -> names.put(o, "%" + next++));
            String attributes = OpFormat.attributes(n.op(), n.inputs().stream().map(Value::type).toList());
            String text = n.outputs().stream().map(o -> name(o) + ": " + o.type()).collect(Collectors.joining(", "))
                    + " = " + n.op().name() + list(n.inputs()) + (attributes.isEmpty() ? "" : " {" + attributes + "}");
            line(indent, text + " ".repeat(Math.max(2, COMMENT - text.length())) + "# " + n.origin().line());
            if (n.op() instanceof ControlOp c) {
                c.bodies().forEach(b -> graph(b, indent + "    "));
            }
        }
        g.updates().forEach(u -> line(indent, u.parameter().name() + " := " + name(u.value())));
        g.gradients().forEach(u -> line(indent, "gradient of " + u.leaf().type() + " := " + name(u.value())));
        line(indent, "return " + g.outputs().stream().map(o -> o.name() + " = " + name(o.value()))
                .collect(Collectors.joining(", ")));
    }

    private void line(String indent, String text) {
        s.append(indent).append("  ").append(text).append('\n');
    }

    private String name(Value v) {
        return names.getOrDefault(v, v.toString());
    }

    private String list(List<Value> values) {
        return values.stream().map(this::name).collect(Collectors.joining(", ", "(", ")"));
    }
}
