package dev.tenon.graph.pass;

import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.graph.ControlOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import dev.tenon.graph.Value.Result;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/// Decides which operands of a map or a reduction are computed on the spot.
final class Inlining {
    /// So little work that it does not matter where it is done.
    private static final long NOTHING = 4096;

    private final Map<Value, List<Node>> users;
    private final Set<Value> results = Collections.newSetFromMap(new IdentityHashMap<>());
    private final boolean drawsInBodies;

    Inlining(Graph g) {
        users = g.users();
        results.addAll(g.results());
        drawsInBodies = drawsInBodies(g);
    }

    /// Whether ops with bodies draw numbers in a graph: then nodes that draw stay where they are.
    static boolean drawsInBodies(Graph g) {
        return g.nodes().stream().anyMatch(n -> n.op() instanceof ControlOp c && c.draws());
    }

    /// A computation with all that is worth it computed on the spot; the same object where nothing is.
    ///
    /// @param e what `n` computes, with operands of the new graph
    /// @param n the node of the old graph
    /// @param map from values of the old graph to those of the new one
    Elementwise into(Elementwise e, Node n, UnaryOperator<Value> map, Changes changes) {
        Elementwise now = e;
        for (Value old : n.inputs().stream().distinct().toList()) {
            if (!(old instanceof Result r) || r.node().device() != n.device()
                    || !(map.apply(old) instanceof Result v) || !now.operands().contains(v)) {
                continue;
            }
            Optional<Elementwise> producer = Elementwise.of(v.node());
            if (producer.isPresent() && isWorth(producer.get(), r.node(), n)) {
                Elementwise both = now.inline(v, producer.get(), v.index());
                if (fits(now, producer.get(), both, n)) {
                    changes.add(r.node().op().name() + " into " + n.op().name(), n);
                    now = both;
                }
            }
        }
        return now;
    }

    private boolean fits(Elementwise e, Elementwise producer, Elementwise both, Node n) {
        boolean sameSpace = producer.space().equals(e.space());
        if (producer.readsIndex() && !sameSpace || producer.draws() && drawsInBodies || !both.isSmall()) {
            return false;
        }
        boolean free = producer.operands().isEmpty();
        boolean repeated = producer.space().elements() < e.space().elements();
        if (repeated && !free && Costs.of(producer.body()) * e.space().elements() > NOTHING) {
            return false;
        }
        // A reduction has no shape of its own: its operands must span what it reduces.
        return !(n.op() instanceof ReduceOp) || !both.operands().isEmpty() && both.broadcast().equals(e.space());
    }

    private boolean isWorth(Elementwise producer, Node p, Node user) {
        if (producer.operands().isEmpty() && !producer.draws()) {
            return true;
        }
        boolean onlyUser = true;
        boolean vanishes = true;
        for (Value v : p.outputs()) {
            for (Node u : users.getOrDefault(v, List.of())) {
                onlyUser &= u == user;
                vanishes &= u.op() instanceof MapOp || u.op() instanceof ReduceOp
                        || u.op() instanceof CopyOp c && c.device().isEmpty();
            }
            vanishes &= !results.contains(v);
        }
        return vanishes && (onlyUser || Costs.isCheap(producer.body()) && producer.full().size() <= 1);
    }
}
