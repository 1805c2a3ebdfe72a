package dev.tenon.tck.reference;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Scalars;
import dev.tenon.tck.math.Numbers;
import dev.tenon.tck.math.ScalarFunctions;
import java.util.List;

/// Evaluates a lambda for one element at a time: each step's value as a double and as a long, whichever its kind means.
final class Evaluator {
    private final Lambda lambda;
    private final List<Array> in;
    private final Shape shape;
    private final Scalars scalars;
    private final double[] d;
    private final long[] n;

    Evaluator(Lambda lambda, List<Array> in, Shape shape, Scalars scalars) {
        this.lambda = lambda;
        this.in = in;
        this.shape = shape;
        this.scalars = scalars;
        this.d = new double[lambda.steps().size()];
        this.n = new long[lambda.steps().size()];
    }

    /// Evaluates the first output at an index and stores it.
    void store(long[] index, Array y) {
        for (int s = 0; s < d.length; s++) {
            step(s, lambda.steps().get(s), index);
        }
        int result = lambda.results().getFirst();
        if (lambda.output().kind().isFloating()) {
            y.setDouble(y.position(index), d[result]);
        } else {
            y.setLong(y.position(index), n[result]);
        }
    }

    private void step(int s, Lambda.Step step, long[] index) {
        List<Integer> args = step.args();
        switch (step.expr()) {
            case Expr.Input i -> load(s, in.get(i.operand()), index);
            case Expr.Const c -> put(s, c.kind(), c.bits());
            case Expr.Param p -> put(s, p.kind(), scalars.bits(p.slot()));
            case Expr.Index i -> n[s] = i.axis() < 0 ? rowMajor(index) : index[i.axis()];
            case Expr.Unary u -> {
                int x = args.getFirst();
                switch (u.x().kind()) {
                    case F32, F64 -> {
                        d[s] = ScalarFunctions.apply(u.fn(), d[x], u.x().kind());
                        n[s] = (long) d[s];
                    }
                    default -> n[s] = ScalarFunctions.apply(u.fn(), n[x], u.x().kind());
                }
            }
            case Expr.Binary b -> binary(s, b.fn(), b.a().kind(), args.get(0), args.get(1));
            case Expr.Select _ -> {
                int chosen = n[args.get(0)] != 0 ? args.get(1) : args.get(2);
                d[s] = d[chosen];
                n[s] = n[chosen];
            }
            case Expr.Cast c -> cast(s, c.to(), c.x().kind(), args.getFirst());
            case Expr.Random r ->
                n[s] = Numbers.philox(n[args.get(0)], n[args.get(1)], n[args.get(2)], r.word());
        }
    }

    private void load(int s, Array x, long[] index) {
        long p = x.position(index);
        if (x.isFloating()) {
            d[s] = x.getDouble(p);
        } else {
            n[s] = x.getLong(p);
        }
    }

    private void put(int s, Kind kind, long bits) {
        if (kind.isFloating()) {
            double v = Double.longBitsToDouble(bits);
            d[s] = kind == Kind.F32 ? (float) v : v;
        } else {
            n[s] = bits;
        }
    }

    private void binary(int s, BinaryFn fn, Kind kind, int a, int b) {
        if (kind.isFloating()) {
            d[s] = ScalarFunctions.apply(fn, d[a], d[b], kind);
            n[s] = (long) d[s];
        } else {
            n[s] = ScalarFunctions.apply(fn, n[a], n[b], kind);
        }
    }

    private void cast(int s, DType to, Kind from, int x) {
        if (to.isFloating()) {
            d[s] = Numbers.round(from.isFloating() ? d[x] : n[x], to);
        } else if (to == DType.BOOL) {
            n[s] = (from.isFloating() ? d[x] != 0 : n[x] != 0) ? 1 : 0;
        } else {
            n[s] = Numbers.wrap(from.isFloating() ? Numbers.toLong(d[x], to.kind()) : n[x], to);
        }
    }

    private long rowMajor(long[] index) {
        long i = 0;
        for (int a = 0; a < index.length; a++) {
            i = i * shape.dim(a) + index[a];
        }
        return i;
    }
}
