package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.block.Fn1;
import dev.tenon.backend.cpu.block.Fn2;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Several steps of a lambda of floats for which there is one block function.
final class Idioms {
    private static final double ROOT_HALF = Math.sqrt(0.5);

    private final Blocks blocks;
    private final Lambda body;

    Idioms(Blocks blocks, Lambda body) {
        this.blocks = blocks;
        this.body = body;
    }

    /// The function that a step is, and the steps it is of.
    ///
    /// @param y -1 for a function of one value
    record Idiom(@Nullable Fn1 f1, @Nullable Fn2 f2, int x, int y) {
        List<Integer> args() {
            return y < 0 ? List.of(x) : List.of(x, y);
        }
    }

    /// What step `s` is, or null if it is nothing but itself.
    @Nullable Idiom find(int s) {
        return switch (body.steps().get(s).expr()) {
            case Expr.Select e when e.kind() == Kind.F32 -> rectified(s);
            case Expr.Binary e when e.fn() == BinaryFn.MUL && e.kind() == Kind.F32 -> normal(s);
            default -> null;
        };
    }

    /// A choice that is y where x is positive and 0 elsewhere, as ReLU and its gradient are: instead of a comparison,
    /// whose truth values take a byte each, and a choice.
    private @Nullable Idiom rectified(int s) {
        List<Integer> args = args(s);
        if (!(expr(args.getFirst()) instanceof Expr.Binary comparison) || comparison.a().kind() != Kind.F32) {
            return null;
        }
        List<Integer> compared = args(args.getFirst());
        boolean otherwise = comparison.fn() == BinaryFn.LE;
        int zero = args.get(otherwise ? 1 : 2);
        Optional<Fn2> f = blocks.whereAboveZero(comparison.fn());
        return f.isPresent() && is(zero, 0) && is(compared.get(1), 0)
                ? new Idiom(null, f.get(), compared.get(0), args.get(otherwise ? 2 : 1)) : null;
    }

    /// Φ(x), written (erf(x √½) + 1) ½, or GELU, x Φ(x).
    private @Nullable Idiom normal(int s) {
        int of = blocks.normal().isEmpty() ? -1 : normalOf(s);
        if (of >= 0) {
            return new Idiom(blocks.normal().get(), null, of, -1);
        }
        List<Integer> args = args(s);
        for (int i = 0; i < 2; i++) {
            int x = args.get(1 - i);
            if (blocks.gelu().isPresent() && normalOf(args.get(i)) == x) {
                return new Idiom(blocks.gelu().get(), null, x, -1);
            }
        }
        return null;
    }

    /// The step x of whose value step `s` is Φ(x), or -1.
    private int normalOf(int s) {
        int sum = times(s, 0.5);
        if (sum < 0 || !(expr(sum) instanceof Expr.Binary e) || e.fn() != BinaryFn.ADD || !is(args(sum).get(1), 1)) {
            return -1;
        }
        int erf = args(sum).getFirst();
        return expr(erf) instanceof Expr.Unary u && u.fn() == UnaryFn.ERF ? times(args(erf).getFirst(), ROOT_HALF) : -1;
    }

    /// The step that step `s` multiplies by a number, or -1.
    private int times(int s, double factor) {
        return expr(s) instanceof Expr.Binary e && e.fn() == BinaryFn.MUL && is(args(s).get(1), factor)
                ? args(s).getFirst() : -1;
    }

    private boolean is(int s, double value) {
        return expr(s) instanceof Expr.Const k && k.kind() == Kind.F32 && k.bits() == Double.doubleToRawLongBits(value);
    }

    private Expr expr(int s) {
        return body.steps().get(s).expr();
    }

    private List<Integer> args(int s) {
        return body.steps().get(s).args();
    }
}
