package dev.tenon.graph.draw;

import dev.tenon.graph.draw.Sketch.Arrow;
import dev.tenon.graph.draw.Sketch.Box;
import java.util.List;
import java.util.stream.Collectors;

/// Sketches in the language of Graphviz.
final class Dot {
    private Dot() {}

    static String of(List<Sketch> sketches) {
        StringBuilder s = new StringBuilder("digraph {\n  node [shape=box style=\"rounded,filled\" fontname=Helvetica"
                + " fontsize=11]\n  edge [fontname=Helvetica fontsize=9 arrowsize=0.7]\n");
        for (int i = 0; i < sketches.size(); i++) {
            Sketch k = sketches.get(i);
            s.append("  subgraph ").append(i == 0 ? "graph0" : "cluster_" + i).append(" {\n    label=")
                    .append(quoted(k.title())).append('\n');
            for (int b = 0; b < k.boxes().size(); b++) {
                Box box = k.boxes().get(b);
                s.append("    n").append(i).append('_').append(b).append(" [label=")
                        .append(box.lines().stream().map(Dot::escaped).collect(Collectors.joining("\\n", "\"", "\"")))
                        .append(" fillcolor=\"").append(box.kind().fill).append("\" color=\"").append(box.kind().line)
                        .append("\" tooltip=").append(quoted(box.hint())).append("]\n");
            }
            for (Arrow a : k.arrows()) {
                s.append("    n").append(i).append('_').append(a.from()).append(" -> n").append(i).append('_')
                        .append(a.to()).append(a.label().isEmpty() ? "" : " [label=" + quoted(a.label()) + "]")
                        .append('\n');
            }
            s.append("  }\n");
        }
        return s.append("}\n").toString();
    }

    private static String quoted(String s) {
        return '"' + escaped(s) + '"';
    }

    private static String escaped(String s) {
        return s.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
