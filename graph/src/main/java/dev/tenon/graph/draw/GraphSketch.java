package dev.tenon.graph.draw;

import dev.tenon.api.DType;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.ControlOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import dev.tenon.graph.draw.Sketch.Box;
import dev.tenon.graph.draw.Sketch.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The sketch of a graph. Parameters and constants, and what is computed from them alone, are lines in the boxes that
/// use them; a box for each would hide the way that data take.
final class GraphSketch {
    private static final int WIDEST = 38;
    private static final int MOST_LINES = 4;

    private final Graph graph;
    private final Sketch sketch;
    private final Map<Value, Integer> boxes = new IdentityHashMap<>();
    private final Map<Value, Set<String>> beside = new IdentityHashMap<>();
    private final Set<Value> labelled = new HashSet<>();

    private GraphSketch(Graph graph, String title) {
        this.graph = graph;
        this.sketch = new Sketch(title);
    }

    /// The sketches of a graph and of the bodies in it.
    static List<Sketch> of(Graph g) {
        List<Sketch> all = new ArrayList<>();
        add(g, g.name(), all);
        return all;
    }

    private static void add(Graph g, String title, List<Sketch> all) {
        GraphSketch s = new GraphSketch(g, title);
        s.draw();
        all.add(s.sketch);
        for (Node n : g.nodes()) {
            if (n.op() instanceof ControlOp c) {
                for (int i = 0; i < c.bodies().size(); i++) {
                    add(c.bodies().get(i), title + " / " + n.op().name() + " body " + (i + 1), all);
                }
            }
        }
    }

    private void draw() {
        Set<Node> data = dependsOnInputs();
        for (Value.Input v : graph.inputs()) {
            boxes.put(v, sketch.add(new Box(Kind.INPUT, List.of(v.name()), v.type().toString())));
        }
        Map<Value, List<String>> ends = new IdentityHashMap<>();
        graph.updates().forEach(u -> ends.computeIfAbsent(u.value(), _ -> new ArrayList<>())
                .add("updates " + u.parameter().name()));
        graph.gradients().forEach(u -> ends.computeIfAbsent(u.value(), _ -> new ArrayList<>())
                .add("gradient of " + u.leaf().shape()));
        for (Node n : graph.nodes()) {
            if (data.contains(n)) {
                box(n, ends);
            } else {
                Set<String> from = new LinkedHashSet<>();
                n.inputs().forEach(v -> from.addAll(names(v)));
                n.outputs().forEach(v -> beside.put(v, from));
            }
        }
        for (Graph.Output o : graph.outputs()) {
            int to = sketch.add(new Box(Kind.OUTPUT, List.of(o.name()), o.value().type().toString()));
            connect(o.value(), to);
        }
    }

    /// The nodes that depend on an input, or whose results nothing else shows.
    private Set<Node> dependsOnInputs() {
        Set<Node> data = new HashSet<>();
        Map<Value, List<Node>> users = graph.users();
        for (Node n : graph.nodes()) {
            boolean fed = n.inputs().stream().anyMatch(v -> v instanceof Value.Input
                    || v instanceof Value.Result r && data.contains(r.node()));
            boolean last = n.outputs().stream().noneMatch(users::containsKey);
            if (fed || last || n.op() instanceof ControlOp) {
                data.add(n);
            }
        }
        return data;
    }

    private void box(Node n, Map<Value, List<String>> ends) {
        List<String> lines = new ArrayList<>();
        lines.add(title(n.op()));
        String attributes = OpFormat.attributes(n.op(), n.inputs().stream().map(Value::type).toList());
        for (String part : attributes.split("; ")) {
            wrap(part, lines);
        }
        Set<String> names = new LinkedHashSet<>();
        for (Value v : n.inputs()) {
            if (!boxes.containsKey(v)) {
                names.addAll(names(v));
            }
        }
        if (!names.isEmpty()) {
            wrap("with " + String.join(", ", names), lines);
        }
        Kind kind = kind(n.op());
        for (Value v : n.outputs()) {
            for (String end : ends.getOrDefault(v, List.of())) {
                lines.add(end);
                kind = end.startsWith("updates") ? Kind.UPDATE : kind;
            }
        }
        int box = sketch.add(new Box(kind, lines, n.origin().toString()));
        n.outputs().forEach(v -> boxes.put(v, box));
        Set<Value> seen = new HashSet<>();
        n.inputs().stream().filter(seen::add).forEach(v -> connect(v, box));
    }

    private void connect(Value v, int to) {
        Integer from = boxes.get(v);
        if (from != null) {
            sketch.arrow(from, to, labelled.add(v) ? shape(v.type()) : "");
        }
    }

    private Set<String> names(Value v) {
        return switch (v) {
            case Value.Parameter p -> Set.of(p.name());
            case Value.Constant c -> Set.of(c.name());
            case Value.Input i -> Set.of(i.name());
            case Value.Result _ -> beside.getOrDefault(v, Set.of());
        };
    }

    /// The shape, with the dtype where that is not the usual one.
    static String shape(TensorType t) {
        String shape = t.rank() == 0 ? "scalar" : t.shape().toString().replace("[", "").replace("]", "")
                .replace(", ", " × ");
        return t.dtype() == DType.F32 ? shape : t.dtype() + " " + shape;
    }

    private static String title(Op op) {
        String name = op.name();
        return name.startsWith("fused_") ? name.substring(6) + ", fused" : cut(name.replace("+", " + "));
    }

    private static String cut(String s) {
        return s.length() > WIDEST ? s.substring(0, WIDEST - 1) + "…" : s;
    }

    private static void wrap(String text, List<String> lines) {
        String rest = text;
        int used = 0;
        while (!rest.isEmpty()) {
            if (rest.length() <= WIDEST || ++used == MOST_LINES) {
                lines.add(cut(rest));
                return;
            }
            int at = rest.lastIndexOf(' ', WIDEST);
            at = at <= 0 ? WIDEST : at;
            lines.add(rest.substring(0, at));
            rest = rest.substring(at).stripLeading();
        }
    }

    private static Kind kind(Op op) {
        return switch (op) {
            case MatMulOp _, Convolution _, FusedConvolution _, ConvolutionBackwardData _,
                    ConvolutionBackwardWeight _ -> Kind.PRODUCT;
            case MapOp _ -> Kind.ELEMENTWISE;
            case ReduceOp _ -> Kind.REDUCTION;
            case ViewOp _, CopyOp _ -> Kind.VIEW;
            case ControlOp _ -> Kind.CONTROL;
            default -> isReduction(op.name()) ? Kind.REDUCTION : Kind.OTHER;
        };
    }

    private static boolean isReduction(String name) {
        return name.contains("pool") || name.contains("norm") || name.contains("softmax");
    }
}
