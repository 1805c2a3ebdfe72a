package dev.tenon.api.op;

import dev.tenon.api.DType;
import java.util.Locale;

/// The readable form of expressions: `mul(in0, sigmoid(in0))`.
final class ExprText {
    private ExprText() {}

    static String of(Expr e) {
        return switch (e) {
            case Expr.Input i -> "in" + i.operand();
            case Expr.Param p -> "p" + p.slot();
            case Expr.Index i -> i.axis() < 0 ? "index" : "index" + i.axis();
            case Expr.Const c -> constant(c);
            case Expr.Unary(UnaryFn fn, Expr x) -> name(fn) + "(" + of(x) + ")";
            case Expr.Binary(BinaryFn fn, Expr a, Expr b) -> name(fn) + "(" + of(a) + ", " + of(b) + ")";
            case Expr.Select(Expr c, Expr a, Expr b) -> "where(" + of(c) + ", " + of(a) + ", " + of(b) + ")";
            case Expr.Cast(DType to, Expr x) -> to + "(" + of(x) + ")";
            case Expr.Random(Expr s, Expr t, Expr c, int word) ->
                "philox" + word + "(" + of(s) + ", " + of(t) + ", " + of(c) + ")";
        };
    }

    private static String constant(Expr.Const c) {
        return switch (c.kind()) {
            case BOOL -> c.bits() != 0 ? "true" : "false";
            case I32, I64 -> Long.toString(c.bits());
            case F32, F64 -> Double.toString(c.asDouble());
        };
    }

    private static String name(Enum<?> fn) {
        return fn.name().toLowerCase(Locale.ROOT);
    }
}
