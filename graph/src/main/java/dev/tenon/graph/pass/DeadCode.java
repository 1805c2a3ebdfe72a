package dev.tenon.graph.pass;

import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;

/// Drops nodes that neither outputs, nor updates, nor gradients depend on.
public final class DeadCode extends Pass {
    /// The pass `dead-code`.
    public DeadCode() {
        super("dead-code");
    }

    @Override
    protected Graph rewrite(Graph g, Changes changes) {
        Set<Node> live = live(g);
        g.nodes().stream().filter(n -> !live.contains(n)).forEach(n -> changes.add(n.op().name(), n));
        return changes.count() == 0 ? g : keep(g, live);
    }

    /// The graph without dead nodes: what other passes leave behind.
    static Graph strip(Graph g) {
        Set<Node> live = live(g);
        return live.size() == g.nodes().size() ? g : keep(g, live);
    }

    private static Graph keep(Graph g, Set<Node> live) {
        GraphWriter w = GraphWriter.rewrite(g);
        g.nodes().stream().filter(live::contains).forEach(w::copy);
        return w.finish(g);
    }

    private static Set<Node> live(Graph g) {
        Set<Node> live = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Value> todo = new ArrayDeque<>(g.results());
        while (!todo.isEmpty()) {
            if (todo.pop() instanceof Value.Result r && live.add(r.node())) {
                todo.addAll(r.node().inputs());
            }
        }
        return live;
    }
}
