package dev.tenon.api;

import dev.tenon.api.Formula.Rule;
import dev.tenon.api.ReductionOps.ValuesAndIndices;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.UnaryFn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The workings of [StatisticsOps].
final class Statistics {
    private static final Formula NAN_AS_ZERO = new Formula("nansum", Rule.NUMERIC, a -> a.dtype().isFloating()
            ? Exprs.select(Exprs.unary(UnaryFn.IS_NAN, a.x(0)), a.c(0), a.x(0))
            : a.x(0));
    /// The square root with a derivative of 0 at 0, where that of a norm or deviation is not defined.
    static final Formula ROOT = new Formula("sqrt", Rule.FLOAT, a -> Exprs.select(
            Exprs.binary(BinaryFn.EQ, a.x(0), a.c(0)), a.c(0), Exprs.unary(UnaryFn.SQRT, a.x(0))));
    /// The power of a magnitude with a derivative of 0 at 0.
    static final Formula POWER = new Formula("pow", Rule.FLOAT, a -> Exprs.select(
            Exprs.binary(BinaryFn.EQ, a.x(0), a.c(0)), a.c(0), Exprs.binary(BinaryFn.POW, a.x(0), a.p(0))));

    private Statistics() {}

    static Tensor withoutNaN(Tensor x) {
        return NAN_AS_ZERO.apply(x);
    }

    /// The positions at place `n` of sorted ones; the axis stays with extent 1.
    static Tensor nth(Tensor positions, int axis, long n) {
        return positions.rank() == 0 ? positions : positions.narrow(axis, n, 1);
    }

    /// The elements at positions, one along the axis, through which gradients flow.
    static ValuesAndIndices at(Tensor x, Tensor positions, int axis, boolean keepDims) {
        if (x.rank() == 0) {
            return new ValuesAndIndices(x.clone(), positions);
        }
        Tensor values = x.gather(axis, positions);
        return keepDims
                ? new ValuesAndIndices(values, positions.contiguous())
                : new ValuesAndIndices(values.squeeze(axis), positions.squeeze(axis).contiguous());
    }

    static ValuesAndIndices median(Tensor x, int axis, boolean keepDims, boolean ignoreNaN) {
        long n = x.rank() == 0 ? 1 : x.size(axis);
        if (n == 0) {
            throw new TensorException("median: axis " + axis + " of shape " + x.shape()
                    + " is empty: give an axis with elements");
        }
        Tensor place = Context.noGrad(() -> {
            if (x.rank() == 0) {
                return x.argsort(0, false);
            }
            Tensor order = x.argsort(axis, false);
            Tensor numbers = x.isNaN().logicalNot().sum(axis, true);
            Tensor last = Tensors.full(numbers.shape(), n, DType.I64, x.device()).sub(1L);
            // NaN sorts last: it is the median if there is one, unless it is left out.
            Tensor middle = numbers.sub(1L).clampMin(0).truncDivide(Tensors.number(2, numbers));
            Tensor at = ignoreNaN ? middle : middle.where(numbers.eq(n), last);
            return order.gather(axis, at.to(DType.I64));
        });
        return at(x, place, axis, keepDims);
    }

    static Tensor median(Tensor x, boolean ignoreNaN) {
        if (x.elements() == 0) {
            return Tensors.full(Shape.SCALAR, x.dtype().isFloating() ? Double.NaN : Long.MIN_VALUE, x.dtype(),
                    x.device());
        }
        Tensor flat = x.reshape(-1);
        Tensor value = Context.noGrad(() -> median(flat, 0, false, ignoreNaN).values());
        if (!x.requiresGrad()) {
            return value;
        }
        Tensor same = flat.detach().eq(value).logicalOr(flat.detach().isNaN().logicalAnd(value.isNaN()));
        return flat.where(same, Tensors.fullLike(value, Double.NEGATIVE_INFINITY)).max();
    }

    static ValuesAndIndices mode(Tensor x, int axis, boolean keepDims) {
        if (x.rank() == 0) {
            return x.max(0, keepDims);
        }
        int a = x.shape().axis(axis);
        Tensor place = Context.noGrad(() -> {
            ValuesAndIndices sorted = x.sort(a, false);
            Tensor v = sorted.values();
            Tensor counts = v.unsqueeze(a + 1).eq(v.unsqueeze(a)).sum(a + 1);
            Tensor first = counts.argmax(a, true);
            Tensor last = first.add(counts.gather(a, first)).sub(1L);
            return sorted.indices().gather(a, last);
        });
        return at(x, place, a, keepDims);
    }

    static Tensor histc(Tensor x, int bins, double min, double max) {
        Reductions.requireFloating("histc", x);
        if (bins < 1 || !(min <= max)) {
            throw new TensorException("histc: " + bins + " bins from " + min + " to " + max
                    + ": expected at least one, and the lower end first");
        }
        double low = min;
        double high = max;
        if (low == high && x.elements() > 0) {
            low = x.min().item();
            high = x.max().item();
        }
        if (low == high) {
            low -= 1;
            high += 1;
        }
        Tensor flat = x.detach().reshape(-1);
        Tensor inside = flat.ge(low).logicalAnd(flat.le(high));
        Tensor bin = flat.sub(low).mul(bins / (high - low)).floor().clamp(0, bins - 1);
        Tensor index = bin.where(inside, Tensors.zerosLike(bin)).to(DType.I64);
        return Tensors.zeros(Shape.of(bins), x.dtype(), x.device()).scatterAdd(0, index, inside.to(x.dtype()));
    }

    static Tensor bincount(Tensor x, @Nullable Tensor weights, long minLength) {
        if (x.rank() != 1 || x.dtype().isFloating() || minLength < 0) {
            throw new TensorException("bincount: input " + x.type() + ", minimal length " + minLength
                    + ": expected a vector of integers and no negative length");
        }
        long n = x.elements() == 0 ? 0 : x.max().itemLong() + 1;
        if (x.elements() > 0 && x.min().itemLong() < 0) {
            throw new TensorException("bincount: an element is " + x.min().itemLong() + ": expected none negative");
        }
        if (weights != null && !weights.shape().equals(x.shape())) {
            throw new TensorException("bincount: weights " + weights.shape() + " for input " + x.shape());
        }
        DType dtype = weights == null ? DType.I64 : weights.dtype() == DType.F32 ? DType.F32 : DType.F64;
        Tensor w = weights == null ? Tensors.ones(x.shape(), DType.I64, x.device()) : weights.to(dtype);
        Tensor none = Tensors.zeros(Shape.of(Math.max(n, minLength)), dtype, x.device());
        return x.elements() == 0 ? none : none.scatterAdd(0, x.to(DType.I64), w);
    }

    /// The sums of neighbours along an axis.
    static Tensor trapezoids(Tensor y, int axis) {
        long n = Math.max(0, y.size(axis) - 1);
        return y.narrow(axis, y.size(axis) == 0 ? 0 : 1, n).add(y.narrow(axis, 0, n));
    }

    /// The distances between neighbouring points along an axis, shaped to broadcast.
    static Tensor steps(Tensor x, Tensor y, int axis) {
        if (x.rank() == 1 && y.rank() > 1) {
            if (x.elements() != y.size(axis)) {
                throw new TensorException("trapezoid: " + x.elements() + " points for axis " + axis + " of "
                        + y.shape());
            }
            long[] dims = new long[y.rank()];
            Arrays.fill(dims, 1);
            dims[y.shape().axis(axis)] = x.elements();
            return x.reshape(dims).diff(1, axis);
        }
        return x.diff(1, axis);
    }

    static Tensor logcumsumexp(Tensor x, int axis) {
        long n = x.size(axis);
        List<Tensor> parts = new ArrayList<>();
        Tensor running = x.narrow(axis, 0, 1);
        parts.add(running);
        for (long i = 1; i < n; i++) {
            running = running.logaddexp(x.narrow(axis, i, 1));
            parts.add(running);
        }
        return Tensors.cat(axis, parts);
    }

    static Tensor cov(Tensor in, long correction, @Nullable Tensor frequencies, @Nullable Tensor weights) {
        if (in.rank() > 2 || in.dtype() == DType.BOOL) {
            throw new TensorException("cov: input " + in.type() + ": expected numbers with at most two axes");
        }
        Tensor x = in.rank() < 2 ? in.reshape(1, -1) : in;
        Tensor w = null;
        Tensor norm;
        if (frequencies != null) {
            w = frequencies;
        }
        if (weights != null) {
            w = w == null ? weights : w.mul(weights);
        }
        Tensor total = w == null ? null : w.sum();
        x = x.dtype().isFloating() ? x : x.to(DType.F32);
        Tensor mean = w == null || total == null ? x.mean(1, true) : x.mul(w).sum(1, true).div(total);
        if (w == null || total == null) {
            norm = Tensors.full(Shape.SCALAR, in.rank() == 0 ? 1 : x.size(1), x.dtype(), x.device())
                    .sub((double) correction);
        } else if (weights == null || correction == 0) {
            norm = total.sub(correction);
        } else {
            norm = total.sub(w.mul(weights).sum().div(total).mul((double) correction));
        }
        norm = norm.to(x.dtype()).clampMin(0);
        Tensor centred = x.sub(mean);
        Tensor weighted = w == null ? centred : centred.mul(w);
        return weighted.matmul(centred.mT()).div(norm).squeeze();
    }
}
