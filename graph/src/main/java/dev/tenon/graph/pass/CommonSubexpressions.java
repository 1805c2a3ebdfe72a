package dev.tenon.graph.pass;

import dev.tenon.api.Device;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.Op;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Computes once what several nodes compute alike: equal ops, numbers included, on the same operands. Two draws of
/// random numbers are never alike, since the places that they draw from differ. Ops whose meaning is code from outside
/// ([CustomOp]) are left alone.
public final class CommonSubexpressions extends Pass {
    /// An op and its operands; values are compared by identity.
    private record Key(Op op, List<Value> operands, Device device) {}

    /// The pass `common-subexpressions`.
    public CommonSubexpressions() {
        super("common-subexpressions");
    }

    @Override
    protected Graph rewrite(Graph g, Changes changes) {
        GraphWriter w = GraphWriter.rewrite(g);
        Map<Key, Node> seen = new HashMap<>();
        for (Node n : g.nodes()) {
            Key key = new Key(n.op(), n.inputs().stream().map(w::map).toList(), n.device());
            Node same = n.op() instanceof CustomOp ? null : seen.get(key);
            if (same != null) {
                changes.add(n.op().name(), n);
                MapFusion.replace(w, n, same);
            } else {
                seen.put(key, w.copy(n));
            }
        }
        return w.finish(g);
    }
}
