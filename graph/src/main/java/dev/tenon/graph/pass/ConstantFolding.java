package dev.tenon.graph.pass;

import dev.tenon.api.Context;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import dev.tenon.graph.Value.Constant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Computes now what depends on constants alone, unless that would make the graph much larger, and writes constants of
/// one element into the expressions that read them. Values of parameters may change and are never folded.
public final class ConstantFolding extends Pass {
    /// What may be computed from nothing or little.
    private static final long SMALL = 1 << 16;

    /// The pass `fold-constants`.
    public ConstantFolding() {
        super("fold-constants");
    }

    @Override
    protected Graph rewrite(Graph g, Changes changes) {
        Map<Value, List<Node>> users = g.users();
        Set<String> names = new HashSet<>();
        g.constants().forEach(c -> names.add(c.name()));
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            List<Value> operands = n.inputs().stream().map(w::map).toList();
            if (operands.stream().allMatch(Constant.class::isInstance) && isFoldable(n, operands, users)) {
                changes.add(n.op().name(), n);
                List<Tensor> made = evaluate(n, operands);
                for (int j = 0; j < made.size(); j++) {
                    w.replace(n.output(j), new Constant(fresh(n.op().name(), names), made.get(j)));
                }
            } else {
                copyWithNumbers(n, w, changes);
            }
        }
        return w.finish(g);
    }

    private static String fresh(String op, Set<String> names) {
        int i = 0;
        while (!names.add("folded_" + op + (i == 0 ? "" : "_" + i))) {
            i++;
        }
        return "folded_" + op + (i == 0 ? "" : "_" + i);
    }

    private static boolean isFoldable(Node n, List<Value> operands, Map<Value, List<Node>> users) {
        if (n.op() instanceof CustomOp || !n.op().scalars().sources().isEmpty()) {
            return false;
        }
        long in = operands.stream().mapToLong(v -> Traffic.bytes(v.type())).sum();
        long out = n.outputs().stream().mapToLong(v -> Traffic.bytes(v.type())).sum();
        if (n.op() instanceof ViewOp) {
            return true;
        }
        // What is computed from nothing costs elementwise ops less than reading it would.
        boolean needed = !operands.isEmpty() || n.outputs().stream()
                .anyMatch(v -> users.getOrDefault(v, List.of()).stream().anyMatch(u -> !(u.op() instanceof MapOp)));
        return needed && out <= Math.max(SMALL, in);
    }

    private static List<Tensor> evaluate(Node n, List<Value> operands) {
        try (Context.Mode _ = Context.recording(null); Context.Mode _ = Context.policy(null);
                Context.Mode _ = Context.noGrad(); Context.Mode _ = Context.unscoped()) {
            if (operands.isEmpty()) {
                return n.op() instanceof MapOp m ? List.of(Dispatcher.create(m, n.device()))
                        : Dispatcher.withoutKernel(n.op(), List.of(), n.device());
            }
            List<Tensor> in = new ArrayList<>();
            operands.forEach(v -> in.add(((Constant) v).tensor()));
            return Dispatcher.apply(n.op(), in).stream().map(Tensor::alias).toList();
        }
    }

    /// Copies a node; a map with its constant operands of one element as numbers.
    private static void copyWithNumbers(Node n, GraphWriter w, Changes changes) {
        Elementwise e = n.op() instanceof MapOp ? Elementwise.of(n, w::map).orElse(null) : null;
        Elementwise before = e;
        for (Value v : e == null ? List.<Value>of() : e.operands()) {
            if (v instanceof Constant c && c.type().elements() == 1) {
                Kind kind = c.type().dtype().kind();
                Expr number = kind.isFloating() ? Exprs.constant(kind, c.tensor().item())
                        : Exprs.constant(kind, c.tensor().toLongArray()[0]);
                e = e.with(v, number);
                changes.add("number into " + n.op().name(), n);
            }
        }
        if (e == null || e == before) {
            w.copy(n);
        } else {
            MapFusion.replace(w, n, w.add(e.toMap(), e.operands(), n.device(), n.origin()));
        }
    }
}
