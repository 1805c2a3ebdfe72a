package dev.tenon.graph.draw;

import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.UnaryFn;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/// Expressions as people write them: `max(a * b + c, 0)`.
final class ExprFormat {
    private static final int LONGEST = 200;

    private final IntFunction<String> names;
    private int length;

    private ExprFormat(IntFunction<String> names) {
        this.names = names;
    }

    /// The expressions of a lambda, or how many steps they have where they are long.
    static String of(Lambda l, IntFunction<String> names) {
        if (l.steps().size() > 40) {
            return l.steps().size() + " steps";
        }
        ExprFormat f = new ExprFormat(names);
        List<String> all = l.outputs().stream().map(e -> f.text(e, 0)).toList();
        return f.length > LONGEST ? l.steps().size() + " steps" : String.join(", ", all);
    }

    /// @param around how tightly what stands around binds: 0 not at all, 1 as a comparison, 2 as a sum, 3 as a product
    private String text(Expr e, int around) {
        if (length > LONGEST) {
            return "";
        }
        String s = switch (e) {
            case Expr.Input i -> names.apply(i.operand());
            case Expr.Param p -> "s" + p.slot();
            case Expr.Index i -> i.axis() < 0 ? "i" : "i" + i.axis();
            case Expr.Const c -> constant(c);
            case Expr.Unary(UnaryFn fn, Expr x) -> fn == UnaryFn.NEG ? "-" + text(x, 3)
                    : name(fn) + "(" + text(x, 0) + ")";
            case Expr.Binary(BinaryFn fn, Expr a, Expr b) -> binary(fn, a, b, around);
            case Expr.Select(Expr.Binary(BinaryFn fn, Expr x, Expr.Const zero), Expr.Const none, Expr y)
                    when fn == BinaryFn.LE && zero.bits() == 0 && none.bits() == 0 && x.equals(y) ->
                "relu(" + text(x, 0) + ")";
            case Expr.Select(Expr c, Expr a, Expr b) ->
                "where(" + text(c, 0) + ", " + text(a, 0) + ", " + text(b, 0) + ")";
            case Expr.Cast(var to, Expr x) -> to + "(" + text(x, 0) + ")";
            case Expr.Random _ -> "random";
        };
        length += s.length() < 12 ? s.length() : 2;
        return s;
    }

    private String binary(BinaryFn fn, Expr a, Expr b, int around) {
        String sign = switch (fn) {
            case ADD -> " + ";
            case SUB -> " - ";
            case MUL -> " * ";
            case DIV -> " / ";
            case EQ -> " = ";
            case NE -> " != ";
            case LT -> " < ";
            case LE -> " <= ";
            case GT -> " > ";
            case GE -> " >= ";
            default -> "";
        };
        if (sign.isEmpty()) {
            return name(fn) + "(" + text(a, 0) + ", " + text(b, 0) + ")";
        }
        int own = fn.isComparison() ? 1 : fn == BinaryFn.ADD || fn == BinaryFn.SUB ? 2 : 3;
        boolean strict = fn == BinaryFn.SUB || fn == BinaryFn.DIV;
        String s = text(a, own) + sign + text(b, strict ? own + 1 : own);
        return own < around ? "(" + s + ")" : s;
    }

    private static String constant(Expr.Const c) {
        if (!c.kind().isFloating()) {
            return Long.toString(c.bits());
        }
        double d = c.asDouble();
        return d == Math.rint(d) && Math.abs(d) < 1e6 ? Long.toString((long) d)
                : String.format(Locale.ROOT, "%.4g", d);
    }

    private static String name(Enum<?> fn) {
        return fn.name().toLowerCase(Locale.ROOT);
    }
}
