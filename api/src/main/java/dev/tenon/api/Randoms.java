package dev.tenon.api;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.UnaryFn;

/// Random tensors as maps over the element's index: parameters 0 and 1 are the seed and the stream.
final class Randoms {
    private static final Expr SEED = new Expr.Param(Kind.I64, 0);
    private static final Expr STREAM = new Expr.Param(Kind.I64, 1);
    private static final Expr INDEX = new Expr.Index(-1);

    private Randoms() {}

    private static Kind work(DType dtype) {
        if (!dtype.isFloating()) {
            throw new TensorException("random numbers of dtype " + dtype
                    + ": expected a floating-point dtype; use randint");
        }
        return dtype.kind();
    }

    private static Tensor draw(String name, Expr e, DType dtype, Shape s, Device d, Generator g, long... more) {
        Scalars numbers = g.draw().concat(Scalars.ofBits(more));
        return Dispatcher.create(new MapOp(name, Lambda.of(e, dtype), s, numbers), d);
    }

    private static Expr scaled(Kind k, Expr unit) {
        return Exprs.add(Exprs.mul(unit, new Expr.Param(k, 3)), new Expr.Param(k, 2));
    }

    static Tensor uniform(Shape s, double low, double high, DType dtype, Device d, Generator g) {
        Kind k = work(dtype);
        Expr e = scaled(k, Exprs.uniform(k, SEED, STREAM, INDEX, 0));
        return draw("uniform", e, dtype, s, d, g, bits(low), bits(high - low));
    }

    static Tensor normal(Shape s, double mean, double deviation, DType dtype, Device d, Generator g) {
        Kind k = work(dtype);
        // 1 - u lies in (0, 1], so the logarithm is finite.
        Expr u = Exprs.rsub(1, Exprs.uniform(k, SEED, STREAM, INDEX, 0));
        Expr angle = Exprs.mul(Exprs.uniform(k, SEED, STREAM, INDEX, 1), 2 * Math.PI);
        Expr radius = Exprs.unary(UnaryFn.SQRT, Exprs.mul(Exprs.unary(UnaryFn.LOG, u), -2));
        Expr e = scaled(k, Exprs.mul(radius, Exprs.unary(UnaryFn.COS, angle)));
        return draw("normal", e, dtype, s, d, g, bits(mean), bits(deviation));
    }

    static Tensor integers(long low, long high, Shape s, Device d, Generator g) {
        if (low >= high) {
            throw new TensorException("randint: no integer is in [" + low + ", " + high + ")");
        }
        Expr u = Exprs.uniform(Kind.F64, SEED, STREAM, INDEX, 0);
        Expr span = new Expr.Param(Kind.I64, 3);
        Expr offset = Exprs.cast(DType.I64, Exprs.mul(u, Exprs.cast(DType.F64, span)));
        Expr e = Exprs.add(offset, new Expr.Param(Kind.I64, 2));
        return draw("randint", e, DType.I64, s, d, g, low, high - low);
    }

    static Tensor bernoulli(Shape s, double p, Device d, Generator g) {
        if (!(p >= 0 && p <= 1)) {
            throw new TensorException("bernoulli: probability " + p + ": expected 0 to 1");
        }
        Expr e = Exprs.binary(
                BinaryFn.LT, Exprs.uniform(Kind.F32, SEED, STREAM, INDEX, 0), new Expr.Param(Kind.F32, 2));
        return draw("bernoulli", e, DType.BOOL, s, d, g, bits(p));
    }

    /// Without replacement by the largest keys log(u) / w (Efraimidis and Spirakis, 2006), with it by inverting the
    /// running sum of the weights.
    static Tensor multinomial(Tensor weights, long samples, boolean replacement, Generator g) {
        if (weights.rank() < 1 || weights.rank() > 2 || !weights.dtype().isFloating() || samples < 1
                || !replacement && samples > weights.size(-1)) {
            throw new TensorException("multinomial: " + samples + " samples of weights " + weights.type()
                    + ": expected floating-point [categories] or [n, categories], at least one sample, and without"
                    + " replacement at most as many as categories");
        }
        Tensor w = weights.detach().to(DType.F64);
        if (!replacement) {
            Tensor u = uniform(w.shape(), 0, 1, DType.F64, w.device(), g);
            Tensor keys = u.rsub(1).log().div(w);
            return keys.topk((int) samples, -1, true).indices();
        }
        Tensor running = w.cumsum(-1);
        Shape s = w.shape().with(-1, samples);
        Tensor u = uniform(s, 0, 1, DType.F64, w.device(), g).mul(running.narrow(-1, w.size(-1) - 1, 1));
        return running.searchSorted(u, true).minimum(w.size(-1) - 1);
    }

    private static long bits(double v) {
        return Double.doubleToRawLongBits(v);
    }
}
