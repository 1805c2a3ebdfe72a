package dev.tenon.graph.draw;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.GradientNode;
import dev.tenon.graph.draw.Sketch.Box;
import dev.tenon.graph.draw.Sketch.Kind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// The sketch of a dynamic graph.
final class HistorySketch {
    private final Sketch sketch = new Sketch("history");
    private final Map<GradientNode, Integer> boxes = new IdentityHashMap<>();
    private final Map<GradientNode, String> names = new IdentityHashMap<>();

    private HistorySketch() {}

    static Sketch of(Tensor root, Map<String, ? extends Tensor> names) {
        GradientNode last = root.requiresGrad() ? root.gradState().node() : null;
        if (last == null) {
            throw new IllegalArgumentException("a picture of the history of a tensor " + root.type()
                    + ": it has none; draw one that was computed from tensors that require a gradient");
        }
        HistorySketch h = new HistorySketch();
        names.forEach((name, t) -> {
            GradientNode leaf = t.requiresGrad() ? t.gradState().accumulator() : null;
            if (leaf != null) {
                h.names.put(leaf, name);
            }
        });
        h.add(last);
        int end = h.sketch.add(new Box(Kind.OUTPUT, List.of("result"), root.type().toString()));
        h.sketch.arrow(h.boxes.getOrDefault(last, 0), end, GraphSketch.shape(root.type()));
        return h.sketch;
    }

    /// Adds all that leads to a node, what comes first first, without recursion: histories may be very deep.
    private void add(GradientNode last) {
        Deque<GradientNode> todo = new ArrayDeque<>(List.of(last));
        while (!todo.isEmpty()) {
            GradientNode n = todo.peek();
            if (boxes.containsKey(n)) {
                todo.pop();
                continue;
            }
            int before = todo.size();
            for (GradientNode p : n.parents()) {
                if (p != null && !boxes.containsKey(p)) {
                    todo.push(p);
                }
            }
            if (todo.size() == before) {
                todo.pop();
                box(n);
            }
        }
    }

    private void box(GradientNode n) {
        boolean leaf = n.parents().isEmpty();
        List<TensorType> types = n.resultTypes();
        String name = names.get(n);
        List<String> lines = leaf && name != null ? List.of(name) : List.of(n.name());
        int box = sketch.add(new Box(leaf ? Kind.LEAF : Kind.OTHER, lines, types.toString()));
        boxes.put(n, box);
        for (int i = 0; i < n.parents().size(); i++) {
            GradientNode p = n.parents().get(i);
            if (p != null) {
                List<TensorType> given = p.resultTypes();
                int slot = n.parentOutput(i);
                sketch.arrow(boxes.getOrDefault(p, 0), box,
                        slot < given.size() ? GraphSketch.shape(given.get(slot)) : "");
            }
        }
    }
}
