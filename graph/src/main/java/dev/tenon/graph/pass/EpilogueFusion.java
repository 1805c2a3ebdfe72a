package dev.tenon.graph.pass;

import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import dev.tenon.graph.Value.Result;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Lets an op that multiplies and adds finish its results itself: with the elementwise op after it, of which it is the
/// only source. Where the device has no kernel for that, nothing is changed.
abstract class EpilogueFusion extends Pass {
    /// An epilogue that an op has: the value of the plain op is operand 0, further operands follow.
    ///
    /// @param body what is done to each element, one output
    /// @param extras the operands from 1 on
    record Epilogue(Lambda body, Scalars scalars, List<Value> extras) {}

    EpilogueFusion(String name) {
        super(name);
    }

    /// The epilogue that a node has, perhaps one that does nothing; empty for nodes that can have none.
    ///
    /// @param node of the new graph
    abstract Optional<Epilogue> epilogue(Node node, GraphWriter w);

    /// The op of a node with another epilogue.
    abstract Op withEpilogue(Node node, Lambda body, Scalars scalars);

    @Override
    protected Graph rewrite(Graph g, Changes changes) {
        Map<Value, List<Node>> users = g.users();
        Set<Value> results = Collections.newSetFromMap(new IdentityHashMap<>());
        results.addAll(g.results());
        boolean drawsInBodies = Inlining.drawsInBodies(g);
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            Optional<Elementwise> map = Elementwise.of(n, w::map).filter(e -> !(e.draws() && drawsInBodies));
            @Nullable Node fused = null;
            for (Value old : map.isEmpty() || n.outputs().size() > 1 ? List.<Value>of() : n.inputs()) {
                boolean only = new HashSet<>(users.getOrDefault(old, List.of())).size() == 1 && !results.contains(old);
                if (only && w.map(old) instanceof Result r && r.node().outputs().size() == 1
                        && r.type().shape().equals(n.output().type().shape()) && r.node().device() == n.device()) {
                    fused = fuse(w, r, map.get(), n);
                    if (fused != null) {
                        changes.add(n.op().name() + " into " + r.node().op().name(), n);
                        break;
                    }
                }
            }
            if (fused == null) {
                w.copy(n);
            } else {
                MapFusion.replace(w, n, fused);
            }
        }
        return DeadCode.strip(w.finish(g));
    }

    private @Nullable Node fuse(GraphWriter w, Result product, Elementwise map, Node n) {
        Node p = product.node();
        Optional<Epilogue> known = epilogue(p, w);
        if (known.isEmpty()) {
            return null;
        }
        Epilogue before = known.get();
        // The plain product is a value without a node: only its place as operand 0 counts.
        Value plain = new Value.Input("product", product.type(), product.device());
        List<Value> operands = new ArrayList<>(List.of(plain));
        operands.addAll(before.extras());
        Elementwise producer = new Elementwise(p.op().name(), before.body(), before.scalars(), operands,
                product.type().shape());
        Elementwise both = map.inline(product, producer, 0);
        if (!both.isSmall() || !both.operands().contains(plain) || !map.space().equals(product.type().shape())) {
            return null;
        }
        List<Value> extras = new ArrayList<>(both.operands());
        extras.remove(plain);
        Lambda body = Elementwise.mapInputs(both.body(), i -> {
            Value v = both.operands().get(i.operand());
            return new Expr.Input(v == plain ? 0 : 1 + extras.indexOf(v), i.kind());
        });
        Op op = withEpilogue(p, body, both.scalars());
        List<Value> all = new ArrayList<>(p.inputs().subList(0, 2));
        all.addAll(extras);
        return ReduceFusion.hasKernel(op, all, n) ? w.add(op, all, n.device(), n.origin()) : null;
    }
}
