package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Builders for [Expr] trees. Constants are folded only where the result is exact whatever the operands are, so that
/// NaN, infinities and signed zeros survive: nothing here replaces `x * 0` by 0.
public final class Exprs {
    private Exprs() {}

    /// The element of operand `i`, which has the given dtype.
    public static Expr in(int i, DType dtype) {
        return new Expr.Input(i, dtype.kind());
    }

    /// The element of operand `i` of the given dtype, converted to `to`.
    public static Expr in(int i, DType dtype, DType to) {
        return cast(to, in(i, dtype));
    }

    /// A constant of the given kind.
    public static Expr constant(Kind kind, double value) {
        return new Expr.Const(kind, kind.isFloating() ? Double.doubleToRawLongBits(value) : (long) value);
    }

    /// An integer constant of the given kind.
    public static Expr constant(Kind kind, long value) {
        return new Expr.Const(kind, kind.isFloating() ? Double.doubleToRawLongBits(value) : value);
    }

    /// A constant of the kind of another expression.
    public static Expr like(Expr x, double value) {
        return constant(x.kind(), value);
    }

    /// A function of one value.
    public static Expr unary(UnaryFn fn, Expr x) {
        if (fn == UnaryFn.NEG && x instanceof Expr.Unary(UnaryFn inner, Expr y) && inner == UnaryFn.NEG) {
            return y;
        }
        return new Expr.Unary(fn, x);
    }

    /// A function of two values.
    public static Expr binary(BinaryFn fn, Expr a, Expr b) {
        if (fn == BinaryFn.MUL || fn == BinaryFn.DIV) {
            if (isConst(b, 1)) {
                return a;
            }
            if (fn == BinaryFn.MUL && isConst(a, 1)) {
                return b;
            }
        }
        return new Expr.Binary(fn, a, b);
    }

    private static boolean isConst(Expr e, double value) {
        return e instanceof Expr.Const c && c.asDouble() == value;
    }

    /// a + b.
    public static Expr add(Expr a, Expr b) {
        return binary(BinaryFn.ADD, a, b);
    }

    /// a - b.
    public static Expr sub(Expr a, Expr b) {
        return binary(BinaryFn.SUB, a, b);
    }

    /// a * b.
    public static Expr mul(Expr a, Expr b) {
        return binary(BinaryFn.MUL, a, b);
    }

    /// a / b.
    public static Expr div(Expr a, Expr b) {
        return binary(BinaryFn.DIV, a, b);
    }

    /// -x.
    public static Expr neg(Expr x) {
        return unary(UnaryFn.NEG, x);
    }

    /// x + c.
    public static Expr add(Expr x, double c) {
        return add(x, like(x, c));
    }

    /// x * c.
    public static Expr mul(Expr x, double c) {
        return mul(x, like(x, c));
    }

    /// c - x.
    public static Expr rsub(double c, Expr x) {
        return sub(like(x, c), x);
    }

    /// x squared.
    public static Expr square(Expr x) {
        return mul(x, x);
    }

    /// A choice between two values.
    public static Expr select(Expr condition, Expr a, Expr b) {
        return a == b ? a : new Expr.Select(condition, a, b);
    }

    /// The value converted to `to`; nothing where the value already is exactly of that type.
    public static Expr cast(DType to, Expr x) {
        boolean exact = x instanceof Expr.Cast(DType inner, Expr y) && inner == to;
        boolean same = x.kind() == to.kind() && to.kind().dtype() == to;
        return exact || same ? x : new Expr.Cast(to, x);
    }

    /// A uniform number in [0, 1) of kind `F32` or `F64` from word `word` (0 to 3, or 0 to 1 for the pairs of words
    /// that
    /// an `F64` takes) of the generator at (seed, stream, counter).
    public static Expr uniform(Kind kind, Expr seed, Expr stream, Expr counter, int word) {
        if (kind == Kind.F64) {
            Expr high = bits(new Expr.Random(seed, stream, counter, 2 * word));
            Expr low = bits(new Expr.Random(seed, stream, counter, 2 * word + 1));
            Expr top = binary(BinaryFn.SHR, high, constant(Kind.I64, 5L));
            Expr bottom = binary(BinaryFn.SHR, low, constant(Kind.I64, 6L));
            Expr all = add(mul(top, constant(Kind.I64, 1L << 26)), bottom);
            return mul(cast(DType.F64, all), constant(Kind.F64, 0x1p-53));
        }
        Expr top = binary(BinaryFn.SHR, bits(new Expr.Random(seed, stream, counter, word)), constant(Kind.I64, 8L));
        return mul(cast(DType.F32, top), constant(Kind.F32, 0x1p-24));
    }

    /// The 32 random bits as a number from 0 to 2^32-1.
    private static Expr bits(Expr random) {
        return binary(BinaryFn.AND, cast(DType.I64, random), constant(Kind.I64, 0xFFFF_FFFFL));
    }

    /// The expression with every leaf replaced: `leaf` maps an [Expr.Input], [Expr.Param] or [Expr.Index] to what
    /// stands
    /// in its place. Shared sub-expressions stay shared.
    public static Expr mapLeaves(Expr e, Function<Expr, Expr> leaf) {
        return mapLeaves(e, leaf, new IdentityHashMap<>());
    }

    private static Expr mapLeaves(Expr e, Function<Expr, Expr> leaf, Map<Expr, Expr> done) {
        Expr known = done.get(e);
        if (known != null) {
            return known;
        }
        Expr result = switch (e) {
            case Expr.Input _, Expr.Param _, Expr.Index _ -> leaf.apply(e);
            case Expr.Const c -> c;
            case Expr.Unary(UnaryFn fn, Expr x) -> unary(fn, mapLeaves(x, leaf, done));
            case Expr.Binary(BinaryFn fn, Expr a, Expr b) ->
                binary(fn, mapLeaves(a, leaf, done), mapLeaves(b, leaf, done));
            case Expr.Select(Expr c, Expr a, Expr b) ->
                select(mapLeaves(c, leaf, done), mapLeaves(a, leaf, done), mapLeaves(b, leaf, done));
            case Expr.Cast(DType to, Expr x) -> cast(to, mapLeaves(x, leaf, done));
            case Expr.Random(Expr s, Expr t, Expr c, int word) ->
                new Expr.Random(mapLeaves(s, leaf, done), mapLeaves(t, leaf, done), mapLeaves(c, leaf, done), word);
        };
        done.put(e, result);
        return result;
    }

    /// The direct sub-expressions.
    public static List<Expr> children(Expr e) {
        return switch (e) {
            case Expr.Unary(_, Expr x) -> List.of(x);
            case Expr.Binary(_, Expr a, Expr b) -> List.of(a, b);
            case Expr.Select(Expr c, Expr a, Expr b) -> List.of(c, a, b);
            case Expr.Cast(_, Expr x) -> List.of(x);
            case Expr.Random(Expr s, Expr t, Expr c, _) -> List.of(s, t, c);
            default -> List.of();
        };
    }
}
