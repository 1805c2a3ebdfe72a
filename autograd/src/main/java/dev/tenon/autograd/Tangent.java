package dev.tenon.autograd;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.binary;
import static dev.tenon.api.op.Exprs.constant;
import static dev.tenon.api.op.Exprs.like;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.neg;
import static dev.tenon.api.op.Exprs.select;
import static dev.tenon.api.op.Exprs.square;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.UnaryFn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Symbolic differentiation of the expressions of a lambda with respect to one operand, step by step from the leaves to
/// the results; null stands for a derivative that is zero because the operand has no part in the value.
///
/// Choices stay outermost, so that the branch not taken has no influence on the derivative either, even where it is
/// infinite or NaN.
final class Tangent {
    private final String name;
    private final Lambda body;
    private final @Nullable Expr[] tangents;
    private final boolean[] constant;

    private Tangent(String name, Lambda body) {
        this.name = name;
        this.body = body;
        this.tangents = new Expr[body.steps().size()];
        this.constant = new boolean[body.steps().size()];
    }

    /// The derivatives of all outputs.
    ///
    /// @param name the op's name, for messages
    /// @throws TensorException if a function without derivative stands in the way
    static @Nullable Expr[] of(String name, Lambda body, int operand) {
        Tangent t = new Tangent(name, body);
        List<Lambda.Step> steps = body.steps();
        for (int i = 0; i < steps.size(); i++) {
            List<Integer> args = steps.get(i).args();
            t.constant[i] = !(steps.get(i).expr() instanceof Expr.Input);
            for (int a : args) {
                t.constant[i] &= t.constant[a];
            }
            t.tangents[i] = t.step(steps.get(i).expr(), args, operand, body.results().contains(i));
        }
        @Nullable Expr[] out = new Expr[body.results().size()];
        for (int j = 0; j < out.length; j++) {
            out[j] = t.tangents[body.results().get(j)];
        }
        return out;
    }

    private @Nullable Expr step(Expr e, List<Integer> args, int operand, boolean result) {
        if (!e.kind().isFloating()) {
            return null;
        }
        return switch (e) {
            case Expr.Input i -> i.operand() == operand ? constant(i.kind(), 1.0) : null;
            case Expr.Unary(UnaryFn fn, Expr x) -> {
                Expr dx = tangents[args.getFirst()];
                yield dx == null ? null : unaryTangent(fn, x, dx, e);
            }
            case Expr.Binary(BinaryFn fn, Expr a, Expr b) -> binaryTangent(fn, a, b, args, e);
            case Expr.Select s -> selectTangent(s, args, result);
            case Expr.Cast(DType to, _) -> {
                Expr dx = tangents[args.getFirst()];
                yield dx == null ? null : converted(to.kind(), dx);
            }
            default -> null;
        };
    }

    // --- products of derivatives

    static boolean is(Expr e, double value) {
        return e instanceof Expr.Const c && c.asDouble() == value;
    }

    /// A derivative in another kind.
    static Expr converted(Kind kind, Expr d) {
        return d instanceof Expr.Const c ? constant(kind, c.asDouble()) : Exprs.cast(kind.dtype(), d);
    }

    /// The product of two derivatives, or of a derivative and the gradient. One that is zero by construction makes the
    /// product zero whatever the other is.
    static Expr times(Expr d, Expr f) {
        if (is(d, 0) || is(f, 1)) {
            return d;
        }
        if (is(f, 0) || is(d, 1)) {
            return f;
        }
        if (d instanceof Expr.Select(Expr c, Expr a, Expr b) && (a instanceof Expr.Const || b instanceof Expr.Const)) {
            return select(c, times(a, f), times(b, f));
        }
        if (f instanceof Expr.Select(Expr c, Expr a, Expr b) && (a instanceof Expr.Const || b instanceof Expr.Const)) {
            return select(c, times(d, a), times(d, b));
        }
        if (is(d, -1)) {
            return neg(f);
        }
        if (is(f, -1)) {
            return neg(d);
        }
        if (f instanceof Expr.Unary(UnaryFn fn, Expr x) && fn == UnaryFn.NEG) {
            return neg(times(d, x));
        }
        if (d instanceof Expr.Unary(UnaryFn fn, Expr x) && fn == UnaryFn.NEG) {
            return neg(times(x, f));
        }
        // g / b is more exact than g * (1 / b).
        if (f instanceof Expr.Binary(BinaryFn fn, Expr one, Expr b) && fn == BinaryFn.DIV && is(one, 1)) {
            return Exprs.div(d, b);
        }
        if (d instanceof Expr.Binary(BinaryFn fn, Expr one, Expr b) && fn == BinaryFn.DIV && is(one, 1)) {
            return Exprs.div(f, b);
        }
        return mul(d, f);
    }

    private static @Nullable Expr timesOrNull(@Nullable Expr d, Expr f) {
        return d == null ? null : times(d, f);
    }

    static @Nullable Expr plus(@Nullable Expr a, @Nullable Expr b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        if (is(a, 0) || is(b, 0)) {
            return is(a, 0) ? b : a;
        }
        return add(a, b);
    }

    private static @Nullable Expr minus(@Nullable Expr a, @Nullable Expr b) {
        return b == null ? a : plus(a, times(b, like(b, -1)));
    }

    private static Expr inverse(Expr x) {
        return Exprs.div(like(x, 1), x);
    }

    private static Expr compare(BinaryFn fn, Expr a, Expr b) {
        return binary(fn, a, b);
    }

    // --- functions of one value

    /// The derivative of y = fn(x) times that of x.
    private Expr unaryTangent(UnaryFn fn, Expr x, Expr dx, Expr y) {
        return switch (fn) {
            case NEG -> times(dx, like(x, -1));
            case ABS -> times(dx, unary(UnaryFn.SIGN, x));
            case SIGN, FLOOR, CEIL, ROUND, TRUNC -> like(x, 0);
            case SQRT -> times(dx, inverse(mul(y, 2)));
            case RSQRT -> times(dx, mul(mul(square(y), y), -0.5));
            case RECIPROCAL -> times(dx, neg(square(y)));
            case EXP -> times(dx, y);
            case EXPM1 -> times(dx, add(y, 1));
            case LOG -> times(dx, inverse(x));
            case LOG2 -> times(dx, inverse(mul(x, Math.log(2))));
            case LOG10 -> times(dx, inverse(mul(x, Math.log(10))));
            case LOG1P -> times(dx, inverse(add(x, 1)));
            case SIN -> times(dx, unary(UnaryFn.COS, x));
            case COS -> times(dx, neg(unary(UnaryFn.SIN, x)));
            case TAN -> times(dx, add(square(y), 1));
            case ASIN -> times(dx, unary(UnaryFn.RSQRT, Exprs.rsub(1, square(x))));
            case ACOS -> times(dx, neg(unary(UnaryFn.RSQRT, Exprs.rsub(1, square(x)))));
            case ATAN -> times(dx, inverse(add(square(x), 1)));
            case SINH -> times(dx, unary(UnaryFn.COSH, x));
            case COSH -> times(dx, unary(UnaryFn.SINH, x));
            case TANH -> times(dx, Exprs.rsub(1, square(y)));
            case ASINH -> times(dx, unary(UnaryFn.RSQRT, add(square(x), 1)));
            case ACOSH -> times(dx, unary(UnaryFn.RSQRT, add(square(x), -1)));
            case ATANH -> times(dx, inverse(Exprs.rsub(1, square(x))));
            case ERF -> times(dx, bell(x));
            case ERFC -> times(dx, neg(bell(x)));
            case ERFINV -> times(dx, mul(unary(UnaryFn.EXP, square(y)), Math.sqrt(Math.PI) / 2));
            case LGAMMA -> times(dx, unary(UnaryFn.DIGAMMA, x));
            case DIGAMMA -> times(dx, unary(UnaryFn.TRIGAMMA, x));
            case SIGMOID -> times(dx, mul(y, Exprs.rsub(1, y)));
            case SOFTPLUS -> times(dx, unary(UnaryFn.SIGMOID, x));
            default -> throw without(fn);
        };
    }

    private TensorException without(Enum<?> fn) {
        return new TensorException(name + ": has no gradient, because " + fn + " has none, but an operand requires one:"
                + " detach() the operands, or run it under Context.noGrad()");
    }

    /// The derivative of the error function.
    private static Expr bell(Expr x) {
        return mul(unary(UnaryFn.EXP, neg(square(x))), 2 / Math.sqrt(Math.PI));
    }

    // --- functions of two values

    private @Nullable Expr binaryTangent(BinaryFn fn, Expr a, Expr b, List<Integer> args, Expr y) {
        Expr da = tangents[args.get(0)];
        Expr db = tangents[args.get(1)];
        if (da == null && db == null) {
            return null;
        }
        return switch (fn) {
            case ADD -> plus(da, db);
            case SUB -> minus(da, db);
            case MUL -> args.get(0).equals(args.get(1)) && da != null
                    ? times(da, mul(a, 2)) : plus(timesOrNull(da, b), timesOrNull(db, a));
            case DIV -> minus(timesOrNull(da, inverse(b)), timesOrNull(db, Exprs.div(y, b)));
            case FLOOR_DIV -> like(y, 0);
            case MOD -> minus(da, timesOrNull(db, binary(BinaryFn.FLOOR_DIV, a, b)));
            case REM -> minus(da, timesOrNull(db, unary(UnaryFn.TRUNC, Exprs.div(a, b))));
            case POW -> plus(timesOrNull(da, powerByBase(a, b)), timesOrNull(db, powerByExponent(a, b, y)));
            case MAX -> extreme(a, b, da, db, args, BinaryFn.LT);
            case MIN -> extreme(a, b, da, db, args, BinaryFn.GT);
            case ATAN2 -> {
                Expr inverse = inverse(add(square(a), square(b)));
                yield minus(timesOrNull(da, times(b, inverse)), timesOrNull(db, times(a, inverse)));
            }
            case COPYSIGN -> da == null ? like(y, 0) : times(da, times(unary(UnaryFn.SIGN, a),
                    binary(BinaryFn.COPYSIGN, like(b, 1), b)));
            default -> throw without(fn);
        };
    }

    /// b a^(b-1), and 0 for b = 0 even where a is 0.
    private static Expr powerByBase(Expr a, Expr b) {
        if (b instanceof Expr.Const c) {
            double n = c.asDouble();
            return n == 0 ? like(a, 0) : n == 1 ? like(a, 1)
                    : n == 2 ? mul(a, 2) : mul(binary(BinaryFn.POW, a, like(a, n - 1)), n);
        }
        Expr slope = mul(b, binary(BinaryFn.POW, a, add(b, -1)));
        return select(compare(BinaryFn.EQ, b, like(b, 0)), like(b, 0), slope);
    }

    /// a^b log a, and 0 for a = 0 and b >= 0, where the power is constant.
    private static Expr powerByExponent(Expr a, Expr b, Expr y) {
        Expr flat = binary(BinaryFn.AND, compare(BinaryFn.EQ, a, like(a, 0)), compare(BinaryFn.GE, b, like(b, 0)));
        return select(flat, like(b, 0), mul(y, unary(UnaryFn.LOG, a)));
    }

    /// The larger (or smaller) of two values: equal ones share the gradient, but a bound that is a number leaves all
    /// of it to the value that meets it, as PyTorch's `clamp` does.
    private Expr extreme(Expr a, Expr b, @Nullable Expr da, @Nullable Expr db, List<Integer> args, BinaryFn loses) {
        boolean shared = !constant[args.get(0)] && !constant[args.get(1)];
        BinaryFn wins = loses == BinaryFn.LT ? BinaryFn.GT : BinaryFn.LT;
        Expr wa = select(compare(loses, a, b), like(a, 0), like(a, 1));
        Expr wb = select(compare(wins, a, b), like(a, 0), like(a, 1));
        if (shared) {
            Expr tie = compare(BinaryFn.EQ, a, b);
            wa = select(tie, like(a, 0.5), wa);
            wb = select(tie, like(a, 0.5), wb);
        }
        Expr d = plus(timesOrNull(da, wa), timesOrNull(db, wb));
        return d == null ? like(a, 0) : d;
    }

    private @Nullable Expr selectTangent(Expr.Select s, List<Integer> args, boolean result) {
        Expr da = tangents[args.get(1)];
        Expr db = tangents[args.get(2)];
        if (da == null && db == null) {
            return null;
        }
        Expr zero = like(s, 0);
        Expr condition = s.condition();
        // x <= c ? c : x is at most c exactly where x is: telling by the result spares saving x (relu).
        if (result && s.condition() instanceof Expr.Binary(BinaryFn fn, _, Expr bound) && fn == BinaryFn.LE
                && bound instanceof Expr.Const && s.a().equals(bound)) {
            List<Integer> compared = body.steps().get(args.get(0)).args();
            if (compared.get(0).equals(args.get(2))) {
                condition = compare(BinaryFn.LE, s, bound);
            }
        }
        return select(condition, da == null ? zero : da, db == null ? zero : db);
    }
}
