package dev.tenon.graph.pass;

import dev.tenon.api.DType;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import dev.tenon.graph.Value.Result;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// Drops views that show all of their operand as it is, makes one view of two, drops copies of what nobody changes and
/// conversions there and back, turns products around instead of copying them transposed, and lets elementwise ops
/// broadcast for themselves.
///
/// A copy stays where its result is an output: who gets it may change it, and must not change an input or a parameter.
public final class ViewCleanup extends Pass {
    /// The pass `clean-views`.
    public ViewCleanup() {
        super("clean-views");
    }

    @Override
    protected Graph rewrite(Graph g, Changes changes) {
        Set<Value> escaping = Collections.newSetFromMap(new IdentityHashMap<>());
        g.results().forEach(v -> escaping.add(Traffic.root(v)));
        Map<Value, List<Node>> users = g.users();
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            Optional<Value> done = switch (n.op()) {
                case ViewOp view -> view(view, n, w);
                case CopyOp _ -> copy(n, w, escaping, users);
                case MapOp m when n.inputs().size() == 1 && m.body().isIdentity(n.input(0).type().dtype())
                        && n.input(0).type().shape().equals(n.output().type().shape()) -> unchanged(n, w, escaping);
                case MapOp _ -> broadcasting(n, w);
                default -> Optional.empty();
            };
            if (done.isPresent()) {
                changes.add(n.op().name(), n);
                if (n.outputs().size() > 1) {
                    MapFusion.replace(w, n, ((Result) done.get()).node());
                } else {
                    w.replace(n.output(), done.get());
                }
            } else {
                w.copy(n);
            }
        }
        return DeadCode.strip(w.finish(g));
    }

    private static Optional<Value> view(ViewOp view, Node n, GraphWriter w) {
        Value of = w.map(n.input(0));
        ViewOp.Placement place = view.place(of.type());
        if (place.offset() == 0 && place.type().equals(of.type())) {
            return Optional.of(of);
        }
        if (!(of instanceof Result r) || !(r.node().op() instanceof ViewOp inner)) {
            return Optional.empty();
        }
        Value base = r.node().input(0);
        Optional<ViewOp> both = both(inner, view, base);
        return both.filter(v -> v.place(base.type()).type().equals(n.output().type()))
                .map(v -> w.add(v, List.of(base), n.device(), n.origin()).output());
    }

    /// One view in the place of two.
    private static Optional<ViewOp> both(ViewOp inner, ViewOp outer, Value base) {
        if (inner instanceof ViewOp.Reshape && outer instanceof ViewOp.Reshape r) {
            return r.strides(base.type()).isPresent() ? Optional.of(r) : Optional.empty();
        }
        if (inner instanceof ViewOp.Permute p && outer instanceof ViewOp.Permute q) {
            return Optional.of(new ViewOp.Permute(q.axes().stream().map(p.axes()::get).toList()));
        }
        return inner instanceof ViewOp.Expand && outer instanceof ViewOp.Expand e ? Optional.of(e) : Optional.empty();
    }

    private static Optional<Value> copy(Node n, GraphWriter w, Set<Value> escaping, Map<Value, List<Node>> users) {
        Value of = w.map(n.input(0));
        DType to = n.output().type().dtype();
        if (n.output().device() != n.device()) {
            return Optional.empty();
        }
        if (of.type().dtype() != to) {
            // A conversion of a conversion that lost nothing.
            if (of instanceof Result r && r.node().op() instanceof CopyOp && r.node().device() == n.device()
                    && holds(of.type().dtype(), r.node().input(0).type().dtype())) {
                Value base = r.node().input(0);
                boolean same = base.type().dtype() == to && base.type().isContiguous()
                        && !escaping.contains(n.output());
                return Optional.of(same ? base : w.add(CopyOp.to(to), List.of(base), n.device(), n.origin()).output());
            }
            return Optional.empty();
        }
        if (of.type().isContiguous()) {
            return unchanged(n, w, escaping);
        }
        return isOnlyUse(n.input(0), users) && n.input(0) instanceof Result r && r.node().inputs().size() == 1
                && isOnlyUse(r.node().input(0), users) && !escaping.contains(Traffic.root(n.input(0)))
                ? turned(of, n, w) : Optional.empty();
    }

    private static boolean isOnlyUse(Value v, Map<Value, List<Node>> users) {
        return users.getOrDefault(v, List.of()).size() == 1;
    }

    /// The operand of a copy in its place.
    private static Optional<Value> unchanged(Node n, GraphWriter w, Set<Value> escaping) {
        Value of = w.map(n.input(0));
        if (!of.type().isContiguous()) {
            return Optional.empty();
        }
        if (escaping.contains(n.output())) {
            Value root = Traffic.root(n.input(0));
            boolean own = root instanceof Result r && !(r.node().op() instanceof CustomOp)
                    && Traffic.bytes(root.type()) == Traffic.bytes(of.type());
            if (!own || Traffic.root(of) != w.map(root) || !escaping.add(root)) {
                return Optional.empty();
            }
        }
        return Optional.of(of);
    }

    /// The copy of a transposed product as the product of the transposed operands: nothing is left to copy.
    private static Optional<Value> turned(Value of, Node n, GraphWriter w) {
        int rank = of.type().rank();
        List<Integer> axes = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
        if (rank < 2) {
            return Optional.empty();
        }
        Collections.swap(axes, rank - 2, rank - 1);
        ViewOp.Permute turn = new ViewOp.Permute(axes);
        if (!(of instanceof Result r) || !r.node().op().equals(turn) || !(r.node().input(0) instanceof Result product)
                || !product.node().op().equals(MatMulOp.PLAIN) || product.node().device() != n.device()
                || product.node().inputs().stream().anyMatch(v -> v.type().rank() != rank)) {
            return Optional.empty();
        }
        Node p = product.node();
        Value a = w.add(turn, List.of(p.input(1)), n.device(), p.origin()).output();
        Value b = w.add(turn, List.of(p.input(0)), n.device(), p.origin()).output();
        return Optional.of(w.add(MatMulOp.PLAIN, List.of(a, b), n.device(), p.origin()).output());
    }

    /// Whether a dtype holds every value of another.
    static boolean holds(DType wide, DType narrow) {
        if (wide == narrow || narrow == DType.BOOL) {
            return true;
        }
        return switch (wide) {
            case F64 -> narrow != DType.I64;
            case F32 -> narrow.bytes() <= 2;
            case F16, BF16 -> narrow.bytes() == 1;
            case I64 -> !narrow.isFloating();
            case I32 -> !narrow.isFloating() && narrow.bytes() <= 2;
            case I16 -> !narrow.isFloating() && narrow.bytes() == 1;
            default -> false;
        };
    }

    /// An elementwise op that reads what it would broadcast, instead of a broadcast view of it.
    private static Optional<Value> broadcasting(Node n, GraphWriter w) {
        Elementwise e = Elementwise.of(n, w::map).orElseThrow();
        List<Value> operands = new ArrayList<>();
        for (Value v : e.operands()) {
            boolean expanded = v instanceof Result r && r.node().op() instanceof ViewOp.Expand;
            operands.add(expanded ? ((Result) v).node().input(0) : v);
        }
        if (operands.equals(e.operands())) {
            return Optional.empty();
        }
        // A dtype's kind is that of its operand still, so the expressions stay.
        Elementwise plain = Elementwise.of(e.name(), e.body(), e.scalars(), operands, e.space());
        Op op = plain.toMap();
        return Optional.of(w.add(op, plain.operands(), n.device(), n.origin()).output(0));
    }
}
