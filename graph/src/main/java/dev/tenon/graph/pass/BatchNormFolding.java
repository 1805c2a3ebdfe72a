package dev.tenon.graph.pass;

import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import dev.tenon.graph.Value.Result;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Lets the weight and the bias of a convolution do what a scale and a shift of its channels after it do: batch
/// normalisation with given statistics, as in inference. Batch normalisation in training depends on the results
/// themselves and is left alone.
///
/// The new weight and bias are nodes of the graph, so they follow when parameters change; a plan keeps them until then.
/// Where the graph itself changes what they depend on they are computed at each run: where the weight does not have far
/// fewer elements than the result that would cost more than is saved, and nothing is changed.
/// Where weight and statistics are constants they are folded by [ConstantFolding].
public final class BatchNormFolding extends Pass {
    /// How many times as many elements as its weight a result must have, if the new weight is computed at each run.
    private static final long MUCH = 4;

    /// `factor * x + term`; null stands for 0 in both places.
    private record Linear(@Nullable Expr factor, @Nullable Expr term) {}

    /// The pass `fold-batch-norm`.
    public BatchNormFolding() {
        super("fold-batch-norm");
    }

    @Override
    protected Graph rewrite(Graph g, Changes changes) {
        Map<Value, List<Node>> users = g.users();
        Set<Value> results = new HashSet<>(g.results());
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            @Nullable Elementwise map = n.outputs().size() == 1 ? Elementwise.of(n, w::map).orElse(null) : null;
            Optional<Value> folded = Optional.empty();
            for (Value old : map == null || map.draws() ? List.<Value>of() : n.inputs()) {
                if (users.getOrDefault(old, List.of()).size() == 1 && !results.contains(old)
                        && w.map(old) instanceof Result r && r.node().op() instanceof Convolution) {
                    folded = fold(g, map, r, n, w);
                }
            }
            if (folded.isPresent()) {
                changes.add(n.op().name(), n);
                w.replace(n.output(), folded.get());
            } else {
                w.copy(n);
            }
        }
        return DeadCode.strip(w.finish(g));
    }

    /// Whether the weight and all that it is scaled by are the same from run to run, until a parameter changes.
    private static boolean stays(Graph g, Value weight, Elementwise map, Value y) {
        return stays(g, weight) && map.operands().stream().allMatch(v -> v == y || stays(g, v));
    }

    private static boolean stays(Graph g, Value v) {
        return switch (v) {
            case Value.Constant _ -> true;
            case Value.Input _ -> false;
            case Value.Parameter p -> g.updates().stream()
                    .noneMatch(u -> u.parameter().tensor().sharesMemoryWith(p.tensor()));
            case Result r -> !(r.node().op() instanceof CustomOp) && r.node().op().scalars().sources().isEmpty()
                    && r.node().inputs().stream().allMatch(i -> stays(g, i));
        };
    }

    private static Optional<Value> fold(Graph g, Elementwise map, Result y, Node n, GraphWriter w) {
        Node conv = y.node();
        boolean plain = map.body().dtype() == y.type().dtype() && y.type().dtype().kind().dtype() == y.type().dtype();
        Value weight = conv.input(1);
        long channels = y.type().shape().dim(1);
        if (!plain || !map.space().equals(y.type().shape()) || map.readsIndex()
                || MUCH * weight.type().elements() > y.type().elements() && !stays(g, weight, map, y)) {
            return Optional.empty();
        }
        for (Value v : map.operands()) {
            if (v != y && !isPerChannel(v.type().shape(), y.type().rank(), channels)) {
                return Optional.empty();
            }
        }
        Linear l = linear(map.body().output(), map.operands().indexOf(y));
        if (l == null || l.factor == null || l.factor instanceof Expr.Const) {
            return Optional.empty();
        }
        Value scale = channels(map, l.factor, y, n, w);
        long[] rows = new long[weight.type().rank()];
        Arrays.fill(rows, 1);
        rows[0] = channels;
        Expr a = Exprs.in(0, y.type().dtype());
        Expr b = Exprs.in(1, y.type().dtype());
        Value column = w.add(new ViewOp.Reshape(Shape.of(rows)), List.of(scale), n.origin()).output();
        Value scaled = w.add(MapOp.of("fold_scale", Lambda.of(Exprs.mul(a, b), y.type().dtype())),
                List.of(weight, column), n.origin()).output();
        List<Value> operands = new ArrayList<>(List.of(conv.input(0), scaled));
        @Nullable Value shift = l.term == null ? null : channels(map, l.term, y, n, w);
        if (conv.inputs().size() > 2) {
            Expr moved = Exprs.mul(a, b);
            Expr sum = shift == null ? moved : Exprs.add(moved, Exprs.in(2, y.type().dtype()));
            List<Value> parts = new ArrayList<>(List.of(conv.input(2), scale));
            if (shift != null) {
                parts.add(shift);
            }
            shift = w.add(MapOp.of("fold_shift", Lambda.of(sum, y.type().dtype())), parts, n.origin()).output();
        }
        if (shift != null) {
            operands.add(shift);
        }
        return Optional.of(w.add(conv.op(), operands, conv.device(), n.origin()).output());
    }

    private static boolean isPerChannel(Shape s, int rank, long channels) {
        for (int i = 0; i < s.rank(); i++) {
            boolean channel = i + rank - s.rank() == 1;
            if (s.dim(i) != 1 && !(channel && s.dim(i) == channels)) {
                return false;
            }
        }
        return true;
    }

    /// An expression over the map's operands of which the convolution is none, for each channel.
    private static Value channels(Elementwise map, Expr e, Result y, Node n, GraphWriter w) {
        long[] dims = new long[y.type().rank()];
        Arrays.fill(dims, 1);
        dims[1] = y.type().shape().dim(1);
        Scalars scalars = map.body().params() == 0 ? Scalars.NONE : map.scalars();
        Elementwise part = Elementwise.of("fold_" + map.name(), Lambda.of(e, y.type().dtype()), scalars,
                map.operands(), Shape.of(dims));
        Value all = w.add(part.toMap(), part.operands(), n.device(), n.origin()).output();
        return w.add(new ViewOp.Reshape(Shape.of(dims[1])), List.of(all), n.origin()).output();
    }

    /// An expression as a linear one in operand `x`, or null where it is none.
    private static @Nullable Linear linear(Expr e, int x) {
        return switch (e) {
            case Expr.Input i when i.operand() == x -> new Linear(Exprs.constant(i.kind(), 1), null);
            case Expr.Input _, Expr.Const _, Expr.Param _ -> new Linear(null, e);
            case Expr.Unary(UnaryFn fn, Expr a) -> {
                Linear l = linear(a, x);
                if (l != null && l.factor == null) {
                    yield new Linear(null, e);
                }
                yield l == null || fn != UnaryFn.NEG ? null : new Linear(Exprs.neg(l.factor),
                        l.term == null ? null : Exprs.neg(l.term));
            }
            case Expr.Binary(BinaryFn fn, Expr a, Expr b) -> binary(e, fn, linear(a, x), linear(b, x));
            default -> null;
        };
    }

    private static @Nullable Linear binary(Expr e, BinaryFn fn, @Nullable Linear a, @Nullable Linear b) {
        if (a == null || b == null) {
            return null;
        }
        if (a.factor == null && b.factor == null) {
            return new Linear(null, e);
        }
        return switch (fn) {
            case ADD, SUB -> new Linear(both(fn, a.factor, b.factor), both(fn, a.term, b.term));
            case MUL -> a.factor != null && b.factor != null ? null
                    : a.factor != null ? times(a, b.term) : times(b, a.term);
            case DIV -> b.factor != null ? null : new Linear(Exprs.div(a.factor, b.term),
                    a.term == null ? null : Exprs.div(a.term, b.term));
            default -> null;
        };
    }

    private static Linear times(Linear l, Expr by) {
        return new Linear(Exprs.mul(l.factor, by), l.term == null ? null : Exprs.mul(l.term, by));
    }

    private static @Nullable Expr both(BinaryFn fn, @Nullable Expr a, @Nullable Expr b) {
        if (b == null) {
            return a;
        }
        return a != null ? Exprs.binary(fn, a, b) : fn == BinaryFn.SUB ? Exprs.neg(b) : b;
    }
}
