package dev.tenon.autograd;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The gradients of a lambda, derived once for each operand and kept.
///
/// The gradient of operand k is the sum over outputs j of `grad_j * d output_j / d operand_k`, again one expression,
/// over the gradients of the outputs, the operands and, where that spares an operand, the outputs.
final class MapGradient {
    private static final int LIMIT = 4096;

    private record Named(String op, String backward) {}

    private static final ConcurrentMap<Lambda, MapGradient> MAPS = new ConcurrentHashMap<>();
    private static final ConcurrentMap<Lambda, MapGradient> PROLOGUES = new ConcurrentHashMap<>();

    /// The gradient of one operand. Its lambda reads the gradients of the outputs `grads`, then the operands `inputs`,
    /// then the outputs `outputs`.
    static final class Part {
        final int[] grads;
        final int[] inputs;
        final int[] outputs;
        private Named named;
        private final @Nullable Expr expr;
        private final AtomicReferenceArray<Lambda> lambdas = new AtomicReferenceArray<>(DType.values().length);

        private Part(String name, @Nullable Expr expr, int[] grads, int[] inputs, int[] outputs) {
            this.named = new Named(name, name + "_backward");
            this.expr = expr;
            this.grads = grads;
            this.inputs = inputs;
            this.outputs = outputs;
        }

        /// The name of the gradient of an op of the given name; several ops may have one expression.
        String name(String op) {
            Named n = named;
            if (!n.op.equals(op)) {
                n = new Named(op, op + "_backward");
                named = n;
            }
            return n.backward;
        }

        /// Whether the gradient is zero whatever the values are.
        boolean isZero() {
            return expr == null;
        }

        /// Whether the gradient is that of the only output it reads, but for its dtype.
        boolean isIdentity() {
            return expr instanceof Expr.Input;
        }

        /// The expression for an operand of the given dtype.
        Lambda lambda(DType dtype) {
            Lambda l = lambdas.get(dtype.ordinal());
            if (l == null) {
                if (expr == null) {
                    throw new IllegalStateException("the gradient is zero");
                }
                l = Lambda.of(expr, dtype);
                lambdas.set(dtype.ordinal(), l);
            }
            return l;
        }
    }

    private final Lambda body;
    private final boolean outputsAvailable;
    private final AtomicReferenceArray<Part> parts;

    private MapGradient(Lambda body, boolean outputsAvailable) {
        this.body = body;
        this.outputsAvailable = outputsAvailable;
        this.parts = new AtomicReferenceArray<>(Math.max(1, body.operands()));
    }

    /// The gradients of a lambda.
    ///
    /// @param outputs whether its outputs can be had, as those of a map can, but those of a prologue cannot
    static MapGradient of(Lambda body, boolean outputs) {
        ConcurrentMap<Lambda, MapGradient> known = outputs ? MAPS : PROLOGUES;
        MapGradient g = known.get(body);
        if (g == null) {
            // A program that keeps making new expressions must not fill the memory.
            if (known.size() >= LIMIT) {
                known.clear();
            }
            g = new MapGradient(body, outputs);
            known.put(body, g);
        }
        return g;
    }

    /// The gradient of an operand.
    ///
    /// @param name the op's name, for messages
    /// @throws dev.tenon.api.TensorException if there is none
    Part part(String name, int operand) {
        if (operand >= body.operands()) {
            return new Part(name, null, new int[0], new int[0], new int[0]);
        }
        Part p = parts.get(operand);
        if (p == null) {
            p = derive(name, operand);
            parts.set(operand, p);
        }
        return p;
    }

    // In what follows operand i is input i, the gradient of output j input n + j, and output j input n + m + j.

    private Part derive(String name, int operand) {
        int n = body.operands();
        int m = body.outputs().size();
        @Nullable Expr[] tangents = Tangent.of(name, body, operand);
        Expr total = null;
        for (int j = 0; j < m; j++) {
            Expr d = tangents[j];
            if (d != null && body.dtypes().get(j).isFloating() && !Tangent.is(d, 0)) {
                Expr grad = new Expr.Input(n + j, body.dtypes().get(j).kind());
                total = Tangent.plus(total, Tangent.times(d, Tangent.converted(d.kind(), grad)));
            }
        }
        if (total == null || Tangent.is(total, 0)) {
            return new Part(name, null, new int[0], new int[0], new int[0]);
        }
        Expr chosen = total;
        if (outputsAvailable) {
            Expr byOutputs = withOutputs(total, n, m);
            if (operandsOf(byOutputs, n) < operandsOf(total, n)) {
                chosen = byOutputs;
            }
        }
        List<Integer> order = new ArrayList<>();
        List<Integer> grads = new ArrayList<>();
        List<Integer> inputs = new ArrayList<>();
        List<Integer> outputs = new ArrayList<>();
        for (int i : read(chosen)) {
            if (i < n) {
                inputs.add(i);
            } else if (i < n + m) {
                grads.add(i - n);
                order.add(i);
            } else {
                outputs.add(i - n - m);
            }
        }
        order.addAll(inputs);
        for (int j : outputs) {
            order.add(n + m + j);
        }
        Expr numbered = Exprs.mapLeaves(chosen, leaf -> leaf instanceof Expr.Input(int i, Kind kind)
                ? new Expr.Input(order.indexOf(i), kind) : leaf);
        return new Part(name, numbered, ints(grads), ints(inputs), ints(outputs));
    }

    /// The expression with every part that equals an output read from that output.
    private Expr withOutputs(Expr e, int n, int m) {
        List<Expr> all = new ArrayList<>(List.of(e));
        List<DType> dtypes = new ArrayList<>(List.of(e.kind().dtype()));
        all.addAll(body.outputs());
        dtypes.addAll(body.dtypes());
        Lambda numbered = Lambda.of(all, dtypes);
        List<Lambda.Step> steps = numbered.steps();
        Expr[] replaced = new Expr[steps.size()];
        for (int s = 0; s < replaced.length; s++) {
            int output = numbered.results().subList(1, m + 1).indexOf(s);
            if (output >= 0 && body.dtypes().get(output).isFloating()
                    && body.dtypes().get(output).kind() == steps.get(s).expr().kind()) {
                replaced[s] = new Expr.Input(n + m + output, body.dtypes().get(output).kind());
            } else {
                replaced[s] = rebuilt(steps.get(s), replaced);
            }
        }
        return replaced[numbered.results().getFirst()];
    }

    private static Expr rebuilt(Lambda.Step s, Expr[] done) {
        List<Integer> a = s.args();
        return switch (s.expr()) {
            case Expr.Unary u -> new Expr.Unary(u.fn(), done[a.get(0)]);
            case Expr.Binary b -> new Expr.Binary(b.fn(), done[a.get(0)], done[a.get(1)]);
            case Expr.Select _ -> new Expr.Select(done[a.get(0)], done[a.get(1)], done[a.get(2)]);
            case Expr.Cast c -> new Expr.Cast(c.to(), done[a.get(0)]);
            case Expr.Random r -> new Expr.Random(done[a.get(0)], done[a.get(1)], done[a.get(2)], r.word());
            default -> s.expr();
        };
    }

    private static TreeSet<Integer> read(Expr e) {
        TreeSet<Integer> out = new TreeSet<>();
        for (Lambda.Step s : Lambda.of(e, e.kind().dtype()).steps()) {
            if (s.expr() instanceof Expr.Input i) {
                out.add(i.operand());
            }
        }
        return out;
    }

    private static int operandsOf(Expr e, int n) {
        return read(e).headSet(n).size();
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }
}
