package dev.tenon.graph.pass;

import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.UnaryFn;

/// What expressions cost, in additions.
final class Costs {
    /// Up to here computing a value again costs about as much as reading it from memory.
    static final int CHEAP = 6;

    private Costs() {}

    static int of(Lambda l) {
        return l.steps().stream().mapToInt(s -> of(s.expr())).sum();
    }

    static boolean isCheap(Lambda l) {
        return of(l) <= CHEAP;
    }

    private static int of(Expr e) {
        return switch (e) {
            case Expr.Input _, Expr.Const _, Expr.Param _ -> 0;
            case Expr.Index _, Expr.Select _, Expr.Cast _ -> 1;
            case Expr.Random _ -> 20;
            case Expr.Unary(UnaryFn fn, _) -> switch (fn) {
                case NEG, ABS, SIGN, FLOOR, CEIL, ROUND, TRUNC, NOT, BIT_NOT, IS_NAN -> 1;
                case SQRT, RECIPROCAL -> 3;
                case LGAMMA, DIGAMMA, TRIGAMMA, ERFINV, ERFC -> 30;
                default -> 8;
            };
            case Expr.Binary(BinaryFn fn, _, _) -> switch (fn) {
                case DIV -> 3;
                case FLOOR_DIV, MOD, REM, ATAN2, POW, NEXTAFTER -> 12;
                default -> 1;
            };
        };
    }
}
