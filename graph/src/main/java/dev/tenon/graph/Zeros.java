package dev.tenon.graph;

import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import java.util.List;

/// Graphs that give zeros.
final class Zeros {
    private Zeros() {}

    /// A graph of the same inputs and outputs as another, all of them zero.
    static Graph like(Graph g) {
        GraphWriter w = new GraphWriter(g.name());
        g.inputs().forEach(w::input);
        for (Graph.Output o : g.outputs()) {
            var type = o.value().type();
            MapOp fill = new MapOp("full", Lambda.of(new Expr.Param(type.dtype().kind(), 0), type.dtype()),
                    type.shape(), Scalars.ofBits(0));
            w.output(o.name(), w.add(fill, List.of(), o.value().device(), Origin.here()).output());
        }
        return w.finish();
    }
}
