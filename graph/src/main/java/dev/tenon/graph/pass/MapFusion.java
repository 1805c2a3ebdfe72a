package dev.tenon.graph.pass;

import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import java.util.Optional;

/// Makes one map of chains and trees of elementwise ops: what they hand to one another no longer goes through memory.
/// The expressions are composed, so each element goes through the same arithmetic as before.
///
/// A value with one user is always computed in that user, if the tree stays small; one with several users only if that
/// is cheap, needs no more reading, and makes the value itself unnecessary.
public final class MapFusion extends Pass {
    /// The pass `fuse-maps`.
    public MapFusion() {
        super("fuse-maps");
    }

    @Override
    protected Graph rewrite(Graph g, Changes changes) {
        Inlining inlining = new Inlining(g);
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            Optional<Elementwise> before = Elementwise.of(n, w::map);
            Optional<Elementwise> after = before.map(e -> inlining.into(e, n, w::map, changes));
            if (after.isEmpty() || after.get() == before.get()) {
                w.copy(n);
            } else {
                Elementwise e = after.get();
                replace(w, n, w.add(e.toMap(), e.operands(), n.device(), n.origin()));
            }
        }
        return DeadCode.strip(w.finish(g));
    }

    static void replace(GraphWriter w, Node old, Node now) {
        for (int j = 0; j < old.outputs().size(); j++) {
            w.replace(old.output(j), now.output(j));
        }
    }
}
