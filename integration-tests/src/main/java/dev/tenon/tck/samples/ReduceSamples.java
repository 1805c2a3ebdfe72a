package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.UnaryFn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Reductions: every reducer, dtype and choice of axes, with and without a mapped value.
public final class ReduceSamples {
    private static final List<List<Integer>> AXES = List.of(
            List.of(0), List.of(1), List.of(2), List.of(0, 1), List.of(0, 2), List.of(1, 2), List.of(0, 1, 2),
            List.of());

    private ReduceSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : DType.values()) {
            for (Reducer r : Reducer.values()) {
                if (d != DType.BOOL || r == Reducer.ANY || r == Reducer.ALL || r == Reducer.SUM || r == Reducer.MAX) {
                    s.addAll(plain(r, d));
                }
            }
            if (d != DType.BOOL) {
                s.addAll(mapped(d));
            }
        }
        return s;
    }

    private static String name(Reducer r) {
        return r.name().toLowerCase(Locale.ROOT);
    }

    private static boolean adds(Reducer r) {
        return r == Reducer.SUM || r == Reducer.PROD;
    }

    private static Sample sample(Reducer r, DType d, String variant, List<Integer> axes, boolean keep, Input x) {
        ReduceOp op = new ReduceOp(r, axes, keep, Lambda.identity(d), Scalars.NONE);
        long count = axes.stream().mapToLong(a -> x.shape().dim(a)).reduce(1, (a, b) -> a * b);
        return switch (r) {
            case SUM -> Sample.of(name(r), d, variant, op, Family.REDUCTION, x).scale(2 * count);
            case PROD -> Sample.of(name(r), d, variant, op, Family.PRODUCT, x);
            case MIN, MAX -> Sample.of(name(r), d, variant, op, Family.EXTREMUM, x);
            default -> Sample.of(name(r), d, variant, op, Family.EXACT, x);
        };
    }

    private static List<Sample> plain(Reducer r, DType d) {
        List<Sample> s = new ArrayList<>();
        // Products of numbers around 1 stay in range.
        Domain domain = r == Reducer.PROD ? (d.isFloating() ? Domain.of(0.8, 1.25) : Domain.of(-3, 3)) : Domain.USUAL;
        Input x = Input.of(d, 5, 7, 6).from(domain);
        for (List<Integer> axes : AXES) {
            if (r.isArg() ? axes.size() == 1 : true) {
                String v = axes.toString();
                s.add(sample(r, d, v, axes, false, x));
                s.add(sample(r, d, v + " kept", axes, true, x));
                for (Layout l : Layout.STRIDED) {
                    s.add(sample(r, d, v + " " + l.name().toLowerCase(Locale.ROOT), axes, false, x.in(l)));
                }
            }
        }
        s.add(sample(r, d, "long", List.of(0), false, Input.of(d, 4099).from(domain)));
        s.add(sample(r, d, "long rows", List.of(1), false, Input.of(d, 3, 1023).from(domain)));
        s.add(sample(r, d, "long columns", List.of(0), false, Input.of(d, 1023, 3).from(domain)));
        s.add(sample(r, d, "one", List.of(0), true, Input.of(d, 1, 4).from(domain)));
        s.add(sample(r, d, "of no rows", List.of(1), false, Input.of(d, 0, 3)));
        if (!r.isArg()) {
            s.add(sample(r, d, "scalar", List.of(), false, Input.of(d).from(domain)));
        }
        if (r.hasIdentity()) {
            s.add(sample(r, d, "of nothing", List.of(1), true, Input.of(d, 3, 0)));
            s.add(sample(r, d, "of nothing at all", List.of(0), false, Input.of(d, 0)));
        }
        if (d.isFloating()) {
            s.add(sample(r, d, "NaN and infinities", List.of(1), false, Input.of(d, 4, 11).from(Domain.SPECIAL)));
            s.add(sample(r, d, "infinities", List.of(0), false,
                    Input.values(d, Shape.of(3), 1, Double.POSITIVE_INFINITY, 2)));
        } else if (!adds(r)) {
            s.add(sample(r, d, "extremes", List.of(0), false, Input.of(d, 33).from(Domain.SPECIAL)));
        }
        s.add(sample(r, d, "ties", List.of(1), false,
                Input.values(d, Shape.of(2, 5), 1, 0, 1, 0, 1, 0, 1, 1, 0, 0)));
        return s;
    }

    /// Values computed on the way: of one operand, of several that broadcast, with parameters.
    private static List<Sample> mapped(DType d) {
        List<Sample> s = new ArrayList<>();
        Expr x = Exprs.in(0, d);
        Lambda square = Lambda.of(Exprs.square(x), d);
        Lambda deviation = Lambda.of(Exprs.square(Exprs.sub(x, Exprs.in(1, d))), d);
        Expr p = new Expr.Param(d.kind(), 0);
        Lambda above = Lambda.of(Exprs.binary(BinaryFn.GT, x, p), DType.I64);
        Scalars one = d.isFloating() ? Scalars.of(1) : Scalars.ofBits(1);
        Input in = Input.of(d, 5, 7, 6);
        for (List<Integer> axes : AXES) {
            String v = "mapped " + axes;
            s.add(Sample.of("sum", d, v, new ReduceOp(Reducer.SUM, axes, false, square, Scalars.NONE),
                    Family.REDUCTION, in).scale(2000));
            s.add(Sample.of("max", d, v, new ReduceOp(Reducer.MAX, axes, true, square, Scalars.NONE),
                    Family.ARITHMETIC, in.in(Layout.TRANSPOSED)));
            s.add(Sample.of("sum", d, v + " broadcast",
                    new ReduceOp(Reducer.SUM, axes, false, deviation, Scalars.NONE),
                    Family.REDUCTION, in, Input.of(d, 7, 1).seed(4)).scale(4000));
        }
        s.add(Sample.of("sum", d, "mapped param", new ReduceOp(Reducer.SUM, List.of(1), false, above, one),
                Family.EXACT, in));
        if (d.isFloating()) {
            Lambda exp = Lambda.of(Exprs.unary(UnaryFn.EXP, x), d);
            s.add(Sample.of("sum", d, "mapped exp", new ReduceOp(Reducer.SUM, List.of(1), false, exp, Scalars.NONE),
                    Family.REDUCTION, Input.of(d, 3, 1023)).scale(6000));
            // Accumulating in the kind of the mapped value, wider than the operand's.
            Lambda wide = Lambda.of(Exprs.in(0, d, DType.F64), DType.F64);
            s.add(Sample.of("sum", d, "mapped wide", new ReduceOp(Reducer.SUM, List.of(0), false, wide, Scalars.NONE),
                    Family.REDUCTION, Input.of(d, 1023)).scale(2000));
        }
        return s;
    }
}
