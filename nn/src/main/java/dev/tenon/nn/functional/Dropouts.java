package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;

/// Random loss of elements in training (Srivastava et al., 2014). Each is one elementwise op: which elements are
/// dropped follows from (seed, stream, element), so the backward pass finds the same ones again without a mask being
/// kept.
public final class Dropouts {
    private static final ConcurrentMap<DType, Lambda> ELEMENTS = new ConcurrentHashMap<>();
    private static final ConcurrentMap<DType, Lambda> CHANNELS = new ConcurrentHashMap<>();
    private static final ConcurrentMap<DType, Lambda> ALPHA = new ConcurrentHashMap<>();

    private Dropouts() {}

    /// Each element is zero with probability p and otherwise divided by 1 - p.
    ///
    /// @param training whether anything is dropped at all
    /// @throws TensorException if p is not within 0 to 1 or the dtype is not floating-point
    public static Tensor dropout(Tensor x, double p, boolean training) {
        return dropout(x, p, training, Generator.getDefault());
    }

    /// Each element is zero with probability p and otherwise divided by 1 - p.
    ///
    /// @param training whether anything is dropped at all
    /// @param generator where the random numbers come from
    /// @throws TensorException if p is not within 0 to 1 or the dtype is not floating-point
    public static Tensor dropout(Tensor x, double p, boolean training, Generator generator) {
        check("dropout", x, p);
        if (!training || p == 0) {
            return x;
        }
        Lambda body = ELEMENTS.computeIfAbsent(x.dtype(), d -> zeroing(d, new Expr.Index(-1)));
        return Dispatcher.run(MapOp.of("dropout", body, scalars(generator, p, scale(p))), x);
    }

    /// Each channel of each sample of `[n, c, ...]` is zero with probability p and otherwise divided by 1 - p
    /// (Tompson et al., 2015).
    ///
    /// @param training whether anything is dropped at all
    /// @param generator where the random numbers come from
    /// @throws TensorException if p is not within 0 to 1, the dtype is not floating-point, or there are fewer than two
    ///     axes
    public static Tensor featureDropout(Tensor x, double p, boolean training, Generator generator) {
        check("feature_dropout", x, p);
        if (x.rank() < 2) {
            throw new TensorException("feature_dropout: input " + x.shape() + ": expected [n, c, ...]");
        }
        if (!training || p == 0) {
            return x;
        }
        Expr channels = new Expr.Param(Kind.I64, 4);
        Lambda body = CHANNELS.computeIfAbsent(x.dtype(),
                d -> zeroing(d, Exprs.add(Exprs.mul(new Expr.Index(0), channels), new Expr.Index(1))));
        Scalars s = scalars(generator, p, scale(p)).concat(Scalars.ofBits(x.size(1)));
        return Dispatcher.run(MapOp.of("feature_dropout", body, s), x);
    }

    /// Dropout that keeps the mean 0 and variance 1 of self-normalising networks (Klambauer et al., 2017).
    ///
    /// @param training whether anything is dropped at all
    /// @param generator where the random numbers come from
    /// @throws TensorException if p is not within 0 to 1 or the dtype is not floating-point
    public static Tensor alphaDropout(Tensor x, double p, boolean training, Generator generator) {
        check("alpha_dropout", x, p);
        if (!training || p == 0) {
            return x;
        }
        if (p == 1) {
            return dropout(x, 1, true, generator);
        }
        // The value that SELU tends to at minus infinity, -scale * alpha.
        double low = -1.7580993408473766;
        double a = 1 / Math.sqrt((1 - p) * (1 + p * low * low));
        double b = -a * p * low;
        Lambda body = ALPHA.computeIfAbsent(x.dtype(), Dropouts::alpha);
        return Dispatcher.run(MapOp.of("alpha_dropout", body, scalars(generator, p, a, b, a * low + b)), x);
    }

    private static Lambda zeroing(DType dtype, Expr counter) {
        return dropping(dtype, counter, x -> Exprs.mul(x, param(x, 3)), x -> Exprs.like(x, 0));
    }

    private static Lambda alpha(DType dtype) {
        return dropping(dtype, new Expr.Index(-1),
                x -> Exprs.add(Exprs.mul(x, param(x, 3)), param(x, 4)), x -> param(x, 5));
    }

    private static Expr param(Expr like, int slot) {
        return new Expr.Param(like.kind(), slot);
    }

    /// Parameters 0 to 2 are the seed, the stream and the probability.
    private static Lambda dropping(DType dtype, Expr counter, Function<Expr, Expr> kept, Function<Expr, Expr> dropped) {
        Expr seed = new Expr.Param(Kind.I64, 0);
        Expr stream = new Expr.Param(Kind.I64, 1);
        Expr u = Exprs.uniform(Kind.F32, seed, stream, counter, 0);
        Expr drop = Exprs.binary(BinaryFn.LT, u, new Expr.Param(Kind.F32, 2));
        Expr x = Exprs.in(0, dtype);
        return Lambda.of(Exprs.select(drop, dropped.apply(x), kept.apply(x)), dtype);
    }

    private static double scale(double p) {
        return p == 1 ? 0 : 1 / (1 - p);
    }

    private static Scalars scalars(Generator g, double p, double... more) {
        return g.draw().concat(Scalars.of(p)).concat(Scalars.of(more));
    }

    private static void check(String op, Tensor x, double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new TensorException(op + ": probability " + p + ": expected 0 to 1");
        }
        if (!x.dtype().isFloating()) {
            throw new TensorException(op + ": input " + x.type() + ": expected floating-point");
        }
    }
}
