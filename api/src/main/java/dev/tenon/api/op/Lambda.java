package dev.tenon.api.op;

import dev.tenon.api.DType;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One or more scalar expressions over the same operands, each with the dtype in which its value is stored.
///
/// A lambda numbers its distinct sub-expressions once ([#steps()]): structurally equal ones become one step, operands
/// come before what uses them. That list is what evaluators and code generators walk, and what makes comparing and
/// hashing linear however often sub-expressions are shared. Immutable.
public final class Lambda {
    /// One distinct sub-expression: the node and the numbers of the steps that compute its operands.
    public record Step(Expr expr, List<Integer> args) {}

    private record Key(Object what, long attribute, List<Integer> args) {}

    private final List<Expr> outputs;
    private final List<DType> dtypes;
    private final List<Step> steps;
    private final List<Integer> results;
    private final List<Key> code;
    private final int operands;
    private final int params;
    private final int hash;

    private Lambda(List<Expr> outputs, List<DType> dtypes) {
        this.outputs = outputs;
        this.dtypes = dtypes;
        Numbering numbering = new Numbering();
        this.results = outputs.stream().map(numbering::number).toList();
        this.steps = List.copyOf(numbering.steps);
        this.code = List.copyOf(numbering.numbers.keySet());
        int maxOperand = -1;
        int maxParam = -1;
        for (Step s : steps) {
            if (s.expr instanceof Expr.Input i) {
                maxOperand = Math.max(maxOperand, i.operand());
            } else if (s.expr instanceof Expr.Param p) {
                maxParam = Math.max(maxParam, p.slot());
            }
        }
        this.operands = maxOperand + 1;
        this.params = maxParam + 1;
        this.hash = (code.hashCode() * 31 + results.hashCode()) * 31 + dtypes.hashCode();
    }

    private static final class Numbering {
        final List<Step> steps = new ArrayList<>();
        final Map<Key, Integer> numbers = new LinkedHashMap<>();
        final Map<Expr, Integer> visited = new IdentityHashMap<>();

        int number(Expr e) {
            Integer known = visited.get(e);
            if (known != null) {
                return known;
            }
            List<Integer> args = Exprs.children(e).stream().map(this::number).toList();
            Integer n = numbers.putIfAbsent(key(e, args), steps.size());
            if (n == null) {
                n = steps.size();
                steps.add(new Step(e, args));
            }
            visited.put(e, n);
            return n;
        }

        private static Key key(Expr e, List<Integer> args) {
            return switch (e) {
                case Expr.Unary u -> new Key(u.fn(), 0, args);
                case Expr.Binary b -> new Key(b.fn(), 0, args);
                case Expr.Select _ -> new Key("select", 0, args);
                case Expr.Cast c -> new Key(c.to(), 0, args);
                case Expr.Random r -> new Key("random", r.word(), args);
                case Expr.Input _, Expr.Const _, Expr.Param _, Expr.Index _ -> new Key(e, 0, args);
            };
        }
    }

    /// A lambda with one output.
    public static Lambda of(Expr output, DType dtype) {
        return of(List.of(output), List.of(dtype));
    }

    /// A lambda with several outputs.
    public static Lambda of(List<Expr> outputs, List<DType> dtypes) {
        if (outputs.isEmpty() || outputs.size() != dtypes.size()) {
            throw new IllegalArgumentException(outputs.size() + " expressions with " + dtypes.size() + " dtypes");
        }
        return new Lambda(List.copyOf(outputs), List.copyOf(dtypes));
    }

    /// The lambda that gives its first operand unchanged.
    public static Lambda identity(DType dtype) {
        return of(Exprs.in(0, dtype), dtype);
    }

    /// The expressions.
    public List<Expr> outputs() {
        return outputs;
    }

    /// The first expression.
    public Expr output() {
        return outputs.getFirst();
    }

    /// The dtypes in which the values are stored; a value of another kind is converted as by [Expr.Cast].
    public List<DType> dtypes() {
        return dtypes;
    }

    /// The dtype of the first output.
    public DType dtype() {
        return dtypes.getFirst();
    }

    /// The distinct sub-expressions, operands before what uses them.
    public List<Step> steps() {
        return steps;
    }

    /// For each output, the number of the step that computes it.
    public List<Integer> results() {
        return results;
    }

    /// One more than the highest operand that is read.
    public int operands() {
        return operands;
    }

    /// One more than the highest parameter slot that is read.
    public int params() {
        return params;
    }

    /// Whether operand `operand` is read at all.
    public boolean reads(int operand) {
        return steps.stream().anyMatch(s -> s.expr instanceof Expr.Input i && i.operand() == operand);
    }

    /// Whether this gives its first operand, of the given dtype, unchanged.
    public boolean isIdentity(DType operand) {
        return outputs.size() == 1 && output() instanceof Expr.Input i && i.operand() == 0 && dtype() == operand;
    }

    @Override
    public boolean equals(Object o) {
        return this == o
                || o instanceof Lambda l
                        && hash == l.hash
                        && dtypes.equals(l.dtypes)
                        && results.equals(l.results)
                        && code.equals(l.code);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < outputs.size(); i++) {
            s.append(i == 0 ? "" : ", ").append(ExprText.of(outputs.get(i))).append(": ").append(dtypes.get(i));
        }
        return s.toString();
    }
}
