package dev.tenon.api;

import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TopK;
import dev.tenon.api.op.UnaryFn;
import java.util.List;

/// Operations that combine elements along axes. Negative axes count from the last; without axes, all are combined.
public sealed interface ReductionOps permits Tensor {

    /// Values and the positions, along the axis, that they came from (`I64`).
    record ValuesAndIndices(Tensor values, Tensor indices) {}

    /// The sum of all elements. Integers and truth values give `I64`.
    default Tensor sum() {
        return sum(Reductions.NO_AXES, false);
    }

    /// The sum along an axis.
    default Tensor sum(int axis) {
        return sum(axis, false);
    }

    /// The sum along an axis, which stays with extent 1 where `keepDims`.
    default Tensor sum(int axis, boolean keepDims) {
        return sum(new int[] {axis}, keepDims);
    }

    /// The sum along axes; along all if there are none.
    default Tensor sum(int[] axes, boolean keepDims) {
        Tensor self = (Tensor) this;
        return Reductions.reduce(Reducer.SUM, self, axes, keepDims, Reductions.accumulated(self.dtype()));
    }

    /// The sum along axes in the given dtype.
    default Tensor sum(int[] axes, boolean keepDims, DType dtype) {
        return Reductions.reduce(Reducer.SUM, (Tensor) this, axes, keepDims, dtype);
    }

    /// The mean of all elements; NaN of nothing.
    default Tensor mean() {
        return mean(Reductions.NO_AXES, false);
    }

    /// The mean along an axis.
    default Tensor mean(int axis) {
        return mean(axis, false);
    }

    /// The mean along an axis, which stays with extent 1 where `keepDims`.
    default Tensor mean(int axis, boolean keepDims) {
        return mean(new int[] {axis}, keepDims);
    }

    /// The mean along axes; along all if there are none.
    ///
    /// @throws TensorException if the dtype is not floating-point
    default Tensor mean(int[] axes, boolean keepDims) {
        Tensor self = (Tensor) this;
        Reductions.requireFloating("mean", self);
        return sum(axes, keepDims).div((double) Reductions.count(self, axes));
    }

    /// The product of all elements. Integers and truth values give `I64`.
    default Tensor prod() {
        Tensor self = (Tensor) this;
        return Reductions.reduce(
                Reducer.PROD, self, Reductions.NO_AXES, false, Reductions.accumulated(self.dtype()));
    }

    /// The product along an axis.
    default Tensor prod(int axis, boolean keepDims) {
        Tensor self = (Tensor) this;
        return Reductions.reduce(
                Reducer.PROD, self, new int[] {axis}, keepDims, Reductions.accumulated(self.dtype()));
    }

    /// The largest element; NaN if there is one.
    default Tensor max() {
        return amax(Reductions.NO_AXES, false);
    }

    /// The smallest element; NaN if there is one.
    default Tensor min() {
        return amin(Reductions.NO_AXES, false);
    }

    /// The largest elements along an axis and where they are; of several, the first.
    default ValuesAndIndices max(int axis, boolean keepDims) {
        return Reductions.withIndices(Reducer.ARGMAX, (Tensor) this, axis, keepDims);
    }

    /// The smallest elements along an axis and where they are; of several, the first.
    default ValuesAndIndices min(int axis, boolean keepDims) {
        return Reductions.withIndices(Reducer.ARGMIN, (Tensor) this, axis, keepDims);
    }

    /// The largest elements along axes; along all if there are none. The gradient is shared evenly among equals.
    default Tensor amax(int[] axes, boolean keepDims) {
        return Reductions.reduce(Reducer.MAX, (Tensor) this, axes, keepDims, ((Tensor) this).dtype());
    }

    /// The smallest elements along axes; along all if there are none. The gradient is shared evenly among equals.
    default Tensor amin(int[] axes, boolean keepDims) {
        return Reductions.reduce(Reducer.MIN, (Tensor) this, axes, keepDims, ((Tensor) this).dtype());
    }

    /// The row-major position of the first largest element, as `I64`.
    default Tensor argmax() {
        return Reductions.arg(Reducer.ARGMAX, ((Tensor) this).reshape(-1), 0, false);
    }

    /// The positions of the first largest elements along an axis, as `I64`.
    default Tensor argmax(int axis, boolean keepDims) {
        return Reductions.arg(Reducer.ARGMAX, (Tensor) this, axis, keepDims);
    }

    /// The row-major position of the first smallest element, as `I64`.
    default Tensor argmin() {
        return Reductions.arg(Reducer.ARGMIN, ((Tensor) this).reshape(-1), 0, false);
    }

    /// The positions of the first smallest elements along an axis, as `I64`.
    default Tensor argmin(int axis, boolean keepDims) {
        return Reductions.arg(Reducer.ARGMIN, (Tensor) this, axis, keepDims);
    }

    /// Whether any element is not zero.
    default Tensor any() {
        return any(Reductions.NO_AXES, false);
    }

    /// Whether any element along the axes is not zero.
    default Tensor any(int[] axes, boolean keepDims) {
        return Reductions.reduce(Reducer.ANY, (Tensor) this, axes, keepDims, DType.BOOL);
    }

    /// Whether all elements are not zero.
    default Tensor all() {
        return all(Reductions.NO_AXES, false);
    }

    /// Whether all elements along the axes are not zero.
    default Tensor all(int[] axes, boolean keepDims) {
        return Reductions.reduce(Reducer.ALL, (Tensor) this, axes, keepDims, DType.BOOL);
    }

    /// The variance of all elements with Bessel's correction.
    default Tensor var() {
        return var(Reductions.NO_AXES, 1, false);
    }

    /// The variance along axes: squared deviations from the mean, divided by their number less `correction`.
    default Tensor var(int[] axes, double correction, boolean keepDims) {
        Tensor self = (Tensor) this;
        Reductions.requireFloating("var", self);
        Tensor mean = mean(axes, true);
        Tensor squares = Reductions.squaredDeviations(self, mean, axes, keepDims);
        return squares.div(Math.max(0, Reductions.count(self, axes) - correction));
    }

    /// The standard deviation of all elements with Bessel's correction.
    default Tensor std() {
        return std(Reductions.NO_AXES, 1, false);
    }

    /// The standard deviation along axes; see [#var(int[], double, boolean)].
    default Tensor std(int[] axes, double correction, boolean keepDims) {
        return Statistics.ROOT.apply(var(axes, correction, keepDims));
    }

    /// The Euclidean norm of all elements.
    default Tensor norm() {
        return norm(2, Reductions.NO_AXES, false);
    }

    /// The p-norm along axes: the p-th root of the sum of the p-th powers of magnitudes; for p infinite the largest
    /// magnitude, for minus infinity the smallest, for 0 the number of elements that are not zero.
    default Tensor norm(double p, int[] axes, boolean keepDims) {
        Tensor self = (Tensor) this;
        Reductions.requireFloating("norm", self);
        if (p == 2) {
            return Statistics.ROOT.apply(Reductions.mapped(self, axes, keepDims, Exprs::square));
        } else if (p == 1) {
            return Reductions.mapped(self, axes, keepDims, x -> Exprs.unary(UnaryFn.ABS, x));
        } else if (p == 0) {
            return Reductions.mapped(self, axes, keepDims, x -> Exprs.select(
                    Exprs.binary(BinaryFn.NE, x, Exprs.like(x, 0)), Exprs.like(x, 1), Exprs.like(x, 0)));
        } else if (Double.isInfinite(p)) {
            return p > 0 ? self.abs().amax(axes, keepDims) : self.abs().amin(axes, keepDims);
        }
        if (p < 0) {
            return self.abs().pow(p).sum(axes, keepDims).pow(1 / p);
        }
        Tensor powers = Statistics.POWER.apply(self.abs(), new double[] {p});
        return Statistics.POWER.apply(powers.sum(axes, keepDims), new double[] {1 / p});
    }

    /// log of the sum of exponentials along axes, without overflow.
    default Tensor logsumexp(int[] axes, boolean keepDims) {
        Tensor self = (Tensor) this;
        Tensor x = self.dtype().isFloating() ? self : self.to(DType.F32);
        Tensor max = x.detach().amax(axes, true);
        Tensor shift = max.where(max.abs().ne(Double.POSITIVE_INFINITY), Tensors.zerosLike(max));
        Tensor total = x.sub(shift).exp().sum(axes, true).log().add(shift);
        return keepDims ? total : total.sum(axes, false);
    }

    /// The running sum along an axis. Integers and truth values give `I64`.
    default Tensor cumsum(int axis) {
        Tensor self = (Tensor) this;
        return Reductions.scan(Reducer.SUM, self.to(Reductions.accumulated(self.dtype())), axis).values();
    }

    /// The running product along an axis. Integers and truth values give `I64`.
    default Tensor cumprod(int axis) {
        Tensor self = (Tensor) this;
        return Reductions.scan(Reducer.PROD, self.to(Reductions.accumulated(self.dtype())), axis).values();
    }

    /// The running maximum along an axis, and where it was last reached.
    default ValuesAndIndices cummax(int axis) {
        return Reductions.scan(Reducer.MAX, (Tensor) this, axis);
    }

    /// The running minimum along an axis, and where it was last reached.
    default ValuesAndIndices cummin(int axis) {
        return Reductions.scan(Reducer.MIN, (Tensor) this, axis);
    }

    /// Stable sort along an axis; NaN counts as largest.
    default ValuesAndIndices sort(int axis, boolean descending) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0) {
            return new ValuesAndIndices(self.clone(), Tensors.zeros(Shape.SCALAR, DType.I64, self.device()));
        }
        List<Tensor> out = Dispatcher.apply(new SortOp(self.shape().axis(axis), descending), List.of(self));
        return new ValuesAndIndices(out.get(0), out.get(1));
    }

    /// The positions that would sort along an axis, as `I64`.
    default Tensor argsort(int axis, boolean descending) {
        return sort(axis, descending).indices();
    }

    /// The `k` largest (or smallest) elements along an axis in order, and where they are.
    ///
    /// @throws TensorException if the axis has fewer than `k` elements
    default ValuesAndIndices topk(int k, int axis, boolean largest) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0) {
            if (k < 0 || k > 1) {
                throw new TensorException("topk: k = " + k + " of 1 element of " + self.shape() + ": expected 0 or 1");
            }
            return sort(axis, largest);
        }
        List<Tensor> out = Dispatcher.apply(new TopK(k, self.shape().axis(axis), largest), List.of(self));
        return new ValuesAndIndices(out.get(0), out.get(1));
    }
}
