package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Scalars;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes scalar expressions as elementwise nodes. Arithmetic is done as Tenon does it: of floating-point numbers of 16
/// bits in 32 bits, of integers narrower than 32 bits in 32 bits, with casts around.
final class Expressions {
    private final Block block;
    private final List<Term> operands;
    private final Shape space;
    private final Lambda lambda;
    private final KnownFunctions known;
    private final Arithmetic arithmetic;
    private final @Nullable Term[] done;

    /// @param operands the operands, of the dtypes that they have in the graph, or already in that of their kind
    /// @param space the shape over which positions count
    Expressions(Block block, List<Term> operands, Shape space, Lambda body, Scalars scalars) {
        this.block = block;
        this.operands = operands;
        this.space = space;
        if (!scalars.sources().isEmpty()) {
            throw new Unsupported("it takes numbers that change from run to run, such as random ones or a step count");
        }
        List<Expr> fixed = body.outputs().stream().map(e -> Exprs.mapLeaves(e, leaf -> leaf instanceof Expr.Param p
                ? new Expr.Const(p.kind(), scalars.bits(p.slot())) : leaf)).toList();
        this.lambda = Lambda.of(fixed, body.dtypes());
        this.known = new KnownFunctions(lambda.steps(), block.model.opset);
        this.arithmetic = new Arithmetic(block);
        this.done = new Term[lambda.steps().size()];
    }

    /// Output `i` as it is computed: in the dtype of its kind, perhaps with extents of 1 that are yet to be broadcast.
    Term computed(int i) {
        return write(lambda.results().get(i));
    }

    /// Output `i` as it is stored, in the shape over which positions count.
    Term stored(int i) {
        return narrowed(block.expand(computed(i), space), lambda.dtypes().get(i));
    }

    /// A value of a kind in a dtype: integers wrap.
    private Term narrowed(Term t, DType to) {
        boolean narrow = t.dtype().isFloating() && to.isIntegral() && to.bytes() < 4;
        return block.cast(narrow ? block.cast(t, DType.I32) : t, to);
    }

    private Term write(int n) {
        Term t = done[n];
        if (t == null) {
            t = compute(n);
            done[n] = t;
        }
        return t;
    }

    private Term compute(int n) {
        Lambda.Step s = lambda.steps().get(n);
        KnownFunctions.Match match = s.expr().kind() == Kind.F32 || isTest(n) ? known.match(n) : known.clip(n);
        if (match != null) {
            return function(match, s.expr().kind().dtype());
        }
        return switch (s.expr()) {
            case Expr.Input i -> input(i);
            case Expr.Const c -> c.kind().isFloating() ? block.model.number(c.kind().dtype(), c.asDouble())
                    : block.model.integer(c.kind().dtype(), c.bits());
            case Expr.Index i -> position(i.axis());
            case Expr.Unary u -> arithmetic.unary(u.fn(), write(s.args().getFirst()));
            case Expr.Binary b -> arithmetic.binary(b.fn(), write(s.args().get(0)), write(s.args().get(1)),
                    known.number(s.args().get(1)));
            case Expr.Select _ -> arithmetic.select(write(s.args().get(0)), write(s.args().get(1)),
                    write(s.args().get(2)));
            case Expr.Cast c -> block.cast(narrowed(write(s.args().getFirst()), c.to()), c.kind().dtype());
            case Expr.Random _ -> throw new Unsupported(
                    "it draws random numbers: call eval() before the capture, or make them an input");
            case Expr.Param p -> throw new IllegalStateException("parameter " + p.slot() + " has no number");
        };
    }

    /// Whether a step asks about 32-bit numbers.
    private boolean isTest(int n) {
        Lambda.Step s = lambda.steps().get(n);
        return s.expr() instanceof Expr.Binary b && b.fn().isComparison() && b.a().kind() == Kind.F32;
    }

    private Term function(KnownFunctions.Match m, DType dtype) {
        Term x = write(m.x());
        double[] limits = m.limits();
        if (limits == null) {
            return block.add(m.op(), dtype, x.shape(), List.of(x), m.attributes());
        }
        return block.add("Clip", dtype, x.shape(), List.of(x, block.model.number(dtype, limits[0]),
                block.model.number(dtype, limits[1])), Map.of());
    }

    private Term input(Expr.Input i) {
        return block.cast(operands.get(i.operand()), i.kind().dtype());
    }

    /// The positions along an axis, or the row-major numbers of all elements for -1.
    private Term position(int axis) {
        long extent = axis < 0 ? space.elements() : space.dim(axis);
        Term range = block.range(extent);
        if (axis < 0) {
            return block.reshape(range, space);
        }
        Shape shape = Shape.of(extent);
        for (int a = axis + 1; a < space.rank(); a++) {
            shape = shape.concat(Shape.of(1));
        }
        return block.reshape(range, shape);
    }
}
