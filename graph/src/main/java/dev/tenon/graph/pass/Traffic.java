package dev.tenon.graph.pass;

import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// The memory that a graph's nodes write, and that its values hold while it runs node by node, in bytes. Inputs,
/// parameters and constants are not counted, nor what kernels take for themselves.
///
/// @param written what all nodes but views write
/// @param peak the most that values hold at one time, each from its node to its last use
public record Traffic(long written, long peak) {

    /// The traffic of a graph.
    public static Traffic of(Graph g) {
        List<Node> nodes = g.nodes();
        Map<Value, Integer> last = new IdentityHashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (Value v : nodes.get(i).inputs()) {
                last.merge(root(v), i, Math::max);
            }
        }
        for (Value v : g.results()) {
            last.put(root(v), nodes.size());
        }
        List<List<Value>> dying = new ArrayList<>();
        for (int i = 0; i <= nodes.size(); i++) {
            dying.add(new ArrayList<>());
        }
        last.forEach((v, i) -> dying.get(i).add(v));
        long written = 0;
        long live = 0;
        long peak = 0;
        for (int i = 0; i < nodes.size(); i++) {
            Node n = nodes.get(i);
            if (!(n.op() instanceof ViewOp)) {
                for (Value v : n.outputs()) {
                    written += bytes(v.type());
                    live += bytes(v.type());
                }
                peak = Math.max(peak, live);
                for (Value v : n.outputs()) {
                    live -= last.containsKey(v) ? 0 : bytes(v.type());
                }
            }
            for (Value v : dying.get(i)) {
                live -= v instanceof Value.Result ? bytes(v.type()) : 0;
            }
        }
        return new Traffic(written, peak);
    }

    /// The value whose memory a value looks at: itself, or what it is a view of.
    static Value root(Value v) {
        Value at = v;
        while (at instanceof Value.Result r && r.node().op() instanceof ViewOp) {
            at = r.node().input(0);
        }
        return at;
    }

    static long bytes(TensorType t) {
        return t.elements() * t.dtype().bytes();
    }
}
