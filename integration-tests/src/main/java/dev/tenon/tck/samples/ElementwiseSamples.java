package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.UnaryFn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Maps built from expressions: every scalar function for every dtype, choices, parameters, several results.
public final class ElementwiseSamples {
    private ElementwiseSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : DType.values()) {
            for (UnaryFn fn : UnaryFn.values()) {
                if (takes(fn, d.kind())) {
                    s.addAll(unary(fn, d));
                }
            }
            for (BinaryFn fn : BinaryFn.values()) {
                if (takes(fn, d.kind())) {
                    s.addAll(binary(fn, d));
                }
            }
            s.addAll(choice(d));
            s.addAll(structure(d));
        }
        return s;
    }

    private static boolean takes(UnaryFn fn, Kind kind) {
        try {
            fn.result(kind);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean takes(BinaryFn fn, Kind kind) {
        try {
            fn.result(kind);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static String name(Enum<?> fn) {
        return fn.name().toLowerCase(Locale.ROOT);
    }

    private static Family family(UnaryFn fn) {
        return switch (fn) {
            case NEG, ABS, SIGN, FLOOR, CEIL, ROUND, TRUNC, NOT, BIT_NOT, IS_NAN -> Family.EXACT;
            case SQRT, RECIPROCAL -> Family.ARITHMETIC;
            case ERF, ERFC, ERFINV, LGAMMA, DIGAMMA, TRIGAMMA -> Family.SPECIAL;
            default -> Family.ELEMENTARY;
        };
    }

    static Domain domain(UnaryFn fn) {
        return switch (fn) {
            case SQRT, RSQRT, LOG, LOG2, LOG10, LGAMMA, DIGAMMA, TRIGAMMA -> Domain.POSITIVE;
            case ASIN, ACOS, ATANH, ERFINV, LOG1P -> Domain.UNIT;
            case ACOSH -> Domain.of(1.1, 9);
            case SIN, COS, EXP, SIGMOID, TANH, ATAN -> Domain.of(-15, 15);
            case FLOOR, CEIL, ROUND, TRUNC, NEG, ABS, SIGN, BIT_NOT -> Domain.WIDE;
            default -> Domain.USUAL;
        };
    }

    private static List<Sample> unary(UnaryFn fn, DType d) {
        Expr e = Exprs.unary(fn, Exprs.in(0, d));
        Lambda body = Lambda.of(e, e.kind() == Kind.BOOL ? DType.BOOL : d);
        Family f = family(fn);
        // Poles and zeros of these lie between numbers, or at all negative integers where conventions differ.
        boolean special = f != Family.SPECIAL;
        List<Sample> all = Shapes.unary(name(fn), d, MapOp.of(name(fn), body), f, domain(fn), special);
        return f == Family.SPECIAL ? all.stream().map(s -> s.scale(1)).toList() : all;
    }

    private static Family family(BinaryFn fn) {
        return switch (fn) {
            case ADD, SUB, MUL, DIV, MOD, FLOOR_DIV -> Family.ARITHMETIC;
            case POW, ATAN2 -> Family.ELEMENTARY;
            case MIN, MAX -> Family.EXTREMUM;
            default -> Family.EXACT;
        };
    }

    private static List<Sample> binary(BinaryFn fn, DType d) {
        Expr e = Exprs.binary(fn, Exprs.in(0, d), Exprs.in(1, d));
        Lambda body = Lambda.of(e, e.kind() == Kind.BOOL && d != DType.BOOL ? DType.BOOL : d);
        Domain a = fn == BinaryFn.POW && d.isFloating() ? Domain.POSITIVE : Domain.WIDE;
        Domain b = switch (fn) {
            case POW -> Domain.USUAL;
            case SHL, SHR -> Domain.of(0, 12);
            default -> Domain.WIDE;
        };
        return Shapes.binary(name(fn), d, MapOp.of(name(fn), body), family(fn), a, b, true);
    }

    private static List<Sample> choice(DType d) {
        Expr condition = Exprs.in(0, DType.BOOL);
        Lambda body = Lambda.of(Exprs.select(condition, Exprs.in(1, d), Exprs.in(2, d)), d);
        MapOp op = MapOp.of("select", body);
        Input c = Input.of(DType.BOOL, 7, 33).seed(9);
        Input x = Input.of(d, 7, 33).from(Domain.SPECIAL);
        Input y = Input.of(d, 7, 33).from(Domain.SPECIAL).seed(2);
        List<Sample> s = new ArrayList<>(
                Sample.of("select", d, "", op, Family.EXACT, c, x, y).inLayouts(Layout.STRIDED));
        s.add(Sample.of("select", d, "broadcast condition", op, Family.EXACT, Input.of(DType.BOOL, 33), x, y));
        s.add(Sample.of("select", d, "scalar choice", op, Family.EXACT, c, Input.of(d), y));
        s.add(Sample.of("select", d, "empty", op, Family.EXACT, Input.of(DType.BOOL, 0), Input.of(d, 0),
                Input.of(d, 1)));
        return s;
    }

    /// Parameters, positions, sub-expressions that are shared, several results, operands that are not read.
    private static List<Sample> structure(DType d) {
        List<Sample> s = new ArrayList<>();
        Expr x = Exprs.in(0, d);
        if (d != DType.BOOL) {
            boolean real = d.isFloating();
            Expr p = new Expr.Param(d.kind(), 0);
            Expr q = new Expr.Param(d.kind(), 1);
            Scalars numbers = real ? Scalars.of(2.5, -0.75) : Scalars.ofBits(3, -7);
            MapOp affine = MapOp.of("affine", Lambda.of(Exprs.add(Exprs.mul(x, p), q), d), numbers);
            s.addAll(Shapes.unary("param", d, affine, Family.FORMULA, Domain.USUAL, false));

            Expr y = Exprs.in(1, d);
            Expr sum = Exprs.add(x, y);
            Expr shared = Exprs.mul(sum, Exprs.sub(sum, Exprs.constant(d.kind(), 2L)));
            MapOp twice = MapOp.of("shared", Lambda.of(shared, d));
            s.addAll(Shapes.binary("shared", d, twice, Family.FORMULA, Domain.USUAL, Domain.USUAL, false));

            Lambda several = Lambda.of(
                    List.of(sum, Exprs.binary(BinaryFn.LT, x, y), shared), List.of(d, DType.BOOL, d));
            MapOp three = MapOp.of("several", several);
            s.addAll(Shapes.binary("several", d, three, Family.FORMULA, Domain.USUAL, Domain.USUAL, false));

            Expr position = Exprs.cast(d.kind().dtype(), new Expr.Index(1));
            MapOp placed = MapOp.of("index", Lambda.of(Exprs.add(x, position), d));
            Input in = Input.of(d, 4, 5, 3);
            s.addAll(Sample.of("index", d, "axis", placed, Family.ARITHMETIC, in).inLayouts(Layout.STRIDED));
            Expr number = Exprs.cast(d.kind().dtype(), new Expr.Index(-1));
            MapOp counted = MapOp.of("index", Lambda.of(Exprs.add(x, number), d));
            s.addAll(Sample.of("index", d, "row-major", counted, Family.ARITHMETIC, in).inLayouts(Layout.STRIDED));
        }
        MapOp second = MapOp.of("second", Lambda.of(Exprs.in(1, d), d));
        s.add(Sample.of("select", d, "unread operand", second, Family.EXACT, Input.of(d, 3, 1), Input.of(d, 4)));
        return s;
    }
}
