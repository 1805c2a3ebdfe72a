package dev.tenon.graph.pass;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.Composite;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.ViewScatter;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Graphs;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.ArrayList;
import java.util.List;

/// Puts the decomposition in the place of composites for which the device has no kernel of its own. A run would
/// decompose them just so, but one at a time; in the graph the parts can be fused with what stands around them.
/// Those that write their result part by part, such as concatenation, stay: in a
/// graph each part would be a copy of all.
public final class Decomposition extends Pass {
    /// The pass `decompose`.
    public Decomposition() {
        super("decompose");
    }

    @Override
    protected Graph rewrite(Graph g, Changes changes) {
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            List<Value> operands = n.inputs().stream().map(w::map).toList();
            Graph parts = n.op() instanceof Composite c && !operands.isEmpty() && c.scalars().sources().isEmpty()
                    && !ReduceFusion.hasKernel(c, operands, n) ? parts(c, operands) : null;
            if (parts != null && parts.nodes().stream().noneMatch(p -> p.op() instanceof ViewScatter)) {
                changes.add(n.op().name(), n);
                List<Value> results = w.inline(parts, operands, n.origin());
                for (int j = 0; j < results.size(); j++) {
                    // Parts may leave a result in another layout than the op promises to those who use it.
                    Value v = results.get(j);
                    w.replace(n.output(j), v.type().equals(n.output(j).type()) ? v
                            : w.add(CopyOp.SAME, List.of(v), n.device(), n.origin()).output());
                }
            } else {
                w.copy(n);
            }
        }
        return DeadCode.strip(w.finish(g));
    }

    private static Graph parts(Composite c, List<Value> operands) {
        List<Tensor> examples = new ArrayList<>();
        operands.forEach(v -> examples.add(Tensor.symbolic(v.type(), v.device())));
        return Graphs.capture(c::decompose, examples);
    }
}
