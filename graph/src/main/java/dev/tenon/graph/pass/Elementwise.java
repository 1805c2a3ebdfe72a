package dev.tenon.graph.pass;

import dev.tenon.api.Shape;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// Expressions over operands: what a map computes, or what a reduction takes in. The unit of fusion.
///
/// @param name the name of the op
/// @param body the expressions
/// @param scalars the numbers for the expressions' parameters
/// @param operands the operands, each once
/// @param space the shape for whose elements the expressions are evaluated
record Elementwise(String name, Lambda body, Scalars scalars, List<Value> operands, Shape space) {
    /// Larger trees gain nothing: they no longer wait for memory, and their values no longer fit the first cache.
    static final int MAX_STEPS = 64;

    static final int MAX_OPERANDS = 12;

    /// What a map or a copy on one device computes.
    static Optional<Elementwise> of(Node n) {
        return of(n, v -> v);
    }

    /// As [#of(Node)], with operands in place of the node's.
    static Optional<Elementwise> of(Node n, UnaryOperator<Value> map) {
        List<Value> operands = n.inputs().stream().map(map).toList();
        return switch (n.op()) {
            case MapOp m -> Optional.of(of(m.name(), m.body(), m.scalars(), operands,
                    n.output(0).type().shape()));
            case CopyOp c when c.device().isEmpty() && isReadInOrder(operands.getFirst().type()) -> {
                TensorType out = n.output().type();
                Lambda body = Lambda.of(Exprs.in(0, operands.getFirst().type().dtype(), out.dtype()), out.dtype());
                yield Optional.of(new Elementwise(c.name(), body, Scalars.NONE, operands, out.shape()));
            }
            default -> Optional.empty();
        };
    }

    /// What a reduction takes in.
    static Elementwise of(Node n, ReduceOp r, UnaryOperator<Value> map) {
        Shape space = Shape.SCALAR;
        for (Value v : n.inputs()) {
            space = Shape.broadcast(r.name(), space, v.type().shape());
        }
        return of(r.name(), r.prologue(), r.scalars(), n.inputs().stream().map(map).toList(), space);
    }

    /// A copy that turns a tensor around is better at that than a map that reads with strides.
    private static boolean isReadInOrder(TensorType t) {
        return t.isContiguous() || t.rank() > 0 && (t.stride(-1) == 1 || t.stride(-1) == 0);
    }

    /// With each operand once, and none that is not read.
    static Elementwise of(String name, Lambda body, Scalars scalars, List<Value> all, Shape space) {
        Set<Value> used = new LinkedHashSet<>();
        for (int i = 0; i < all.size(); i++) {
            if (body.reads(i)) {
                used.add(all.get(i));
            }
        }
        List<Value> operands = new ArrayList<>(used);
        if (operands.equals(all)) {
            return new Elementwise(name, body, scalars, all, space);
        }
        Lambda renumbered = mapInputs(body, i -> new Expr.Input(operands.indexOf(all.get(i.operand())), i.kind()));
        return new Elementwise(name, renumbered, scalars, operands, space);
    }

    static Lambda mapInputs(Lambda l, Function<Expr.Input, Expr> input) {
        return Lambda.of(l.outputs().stream()
                .map(e -> Exprs.mapLeaves(e, leaf -> leaf instanceof Expr.Input i ? input.apply(i) : leaf)).toList(),
                l.dtypes());
    }

    /// This with an operand computed on the spot.
    ///
    /// @param operand an operand of this
    /// @param from what computes it
    /// @param output which of its outputs it is
    Elementwise inline(Value operand, Elementwise from, int output) {
        List<Value> all = new ArrayList<>(operands);
        all.addAll(from.operands);
        Expr inner = Exprs.mapLeaves(from.body.outputs().get(output), leaf -> switch (leaf) {
            case Expr.Input i -> new Expr.Input(operands.size() + i.operand(), i.kind());
            case Expr.Param p -> new Expr.Param(p.kind(), scalars.size() + p.slot());
            default -> leaf;
        });
        Expr value = narrowed(Exprs.cast(from.body.dtypes().get(output), inner));
        int at = operands.indexOf(operand);
        Lambda l = mapInputs(body, i -> i.operand() == at ? value : i);
        String both = from.body.isIdentity(operand.type().dtype()) ? name : from.name + "+" + name;
        Scalars numbers = from.body.params() == 0 ? scalars : scalars.concat(from.scalars);
        return of(both.length() > 60 ? both.substring(0, 56) + "..." : both, l, numbers, all, space);
    }

    /// This with a number in the place of an operand.
    Elementwise with(Value operand, Expr number) {
        int at = operands.indexOf(operand);
        return of(name, mapInputs(body, i -> i.operand() == at ? number : i), scalars, operands, space);
    }

    /// A cast there and back again is none, where the wider type holds every value of the narrower.
    private static Expr narrowed(Expr e) {
        return e instanceof Expr.Cast(var to, Expr.Cast(var wide, Expr x)) && to.kind().dtype() == to
                && x.kind() == to.kind() && wide.kind().dtype() == wide && wide.kind().compareTo(to.kind()) > 0
                && wide.isFloating() == to.isFloating() ? x : e;
    }

    /// The operands that have as many elements as the space.
    List<Value> full() {
        return operands.stream().filter(v -> v.type().elements() == space.elements()).toList();
    }

    boolean readsIndex() {
        return body.steps().stream().anyMatch(s -> s.expr() instanceof Expr.Index);
    }

    boolean draws() {
        return !scalars.sources().isEmpty();
    }

    boolean isSmall() {
        return body.steps().size() <= MAX_STEPS && operands.size() <= MAX_OPERANDS;
    }

    /// The shape to which the operands alone broadcast.
    Shape broadcast() {
        Shape s = Shape.SCALAR;
        for (Value v : operands) {
            s = Shape.broadcast(name, s, v.type().shape());
        }
        return s;
    }

    /// This as a map.
    Op toMap() {
        return new MapOp(name, body, broadcast().equals(space) ? Shape.SCALAR : space, scalars);
    }
}
