package dev.tenon.graph.pass;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.List;

/// Lets reductions compute the elementwise ops before them as they read, where the device has a kernel for that.
public final class ReduceFusion extends Pass {
    /// The pass `fuse-reductions`.
    public ReduceFusion() {
        super("fuse-reductions");
    }

    @Override
    protected Graph rewrite(Graph g, Changes changes) {
        Inlining inlining = new Inlining(g);
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            if (n.op() instanceof ReduceOp r) {
                Changes here = new Changes();
                Elementwise before = Elementwise.of(n, r, w::map);
                Elementwise after = inlining.into(before, n, w::map, here);
                ReduceOp fused = new ReduceOp(r.reducer(), r.axes(), r.keepDims(), after.body(), after.scalars());
                if (after != before && hasKernel(fused, after.operands(), n)) {
                    here.all().forEach(changes::add);
                    MapFusion.replace(w, n, w.add(fused, after.operands(), n.device(), n.origin()));
                    continue;
                }
            }
            w.copy(n);
        }
        return DeadCode.strip(w.finish(g));
    }

    /// Whether the device of a node has a kernel for an op in its place. Otherwise the op would be split again.
    static boolean hasKernel(Op op, List<Value> operands, Node n) {
        return Dispatcher.kernel(op, operands.stream().map(Value::type).toList(), List.of(), n.device()).isPresent();
    }
}
