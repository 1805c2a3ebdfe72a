package dev.tenon.api;

import dev.tenon.api.ReductionOps.ValuesAndIndices;
import org.jspecify.annotations.Nullable;

/// More operations that combine elements along axes: order statistics, counts, differences, distances. As in
/// [ReductionOps], negative axes count from the last, and no axes means all.
public sealed interface StatisticsOps permits Tensor {

    /// A variance or standard deviation, and the mean.
    record SpreadAndMean(Tensor spread, Tensor mean) {}

    /// The smallest and the largest elements.
    record MinAndMax(Tensor min, Tensor max) {}

    /// The distinct elements (or slices), for each element of the input which of them it is, and how often each comes;
    /// all but the first as `I64`.
    record Unique(Tensor values, Tensor inverse, Tensor counts) {}

    /// Variance and mean along axes; see [ReductionOps#var(int[], double, boolean)].
    default SpreadAndMean varMean(int[] axes, double correction, boolean keepDims) {
        Tensor self = (Tensor) this;
        return new SpreadAndMean(self.var(axes, correction, keepDims), self.mean(axes, keepDims));
    }

    /// Standard deviation and mean along axes; see [ReductionOps#var(int[], double, boolean)].
    default SpreadAndMean stdMean(int[] axes, double correction, boolean keepDims) {
        Tensor self = (Tensor) this;
        return new SpreadAndMean(self.std(axes, correction, keepDims), self.mean(axes, keepDims));
    }

    /// The smallest and the largest elements along axes.
    default MinAndMax aminmax(int[] axes, boolean keepDims) {
        Tensor self = (Tensor) this;
        return new MinAndMax(self.amin(axes, keepDims), self.amax(axes, keepDims));
    }

    /// How many elements along axes are not zero, as `I64`.
    default Tensor countNonzero(int... axes) {
        return ((Tensor) this).ne(0L).sum(axes, false);
    }

    /// The sum along axes without NaN.
    default Tensor nansum(int[] axes, boolean keepDims) {
        return Statistics.withoutNaN((Tensor) this).sum(axes, keepDims);
    }

    /// The mean along axes of the elements that are not NaN; NaN of none.
    default Tensor nanmean(int[] axes, boolean keepDims) {
        Tensor self = (Tensor) this;
        Reductions.requireFloating("nanmean", self);
        Tensor count = self.isNaN().logicalNot().sum(axes, keepDims);
        return nansum(axes, keepDims).div(count.to(self.dtype()));
    }

    /// The middle element, the lower of two; NaN if there is one. The gradient is shared evenly among equals.
    default Tensor median() {
        return Statistics.median((Tensor) this, false);
    }

    /// The middle elements along an axis, the lower of two, and where they are; NaN if there is one.
    default ValuesAndIndices median(int axis, boolean keepDims) {
        return Statistics.median((Tensor) this, axis, keepDims, false);
    }

    /// The middle one of the elements that are not NaN, the lower of two. The gradient is shared evenly among equals.
    default Tensor nanmedian() {
        return Statistics.median((Tensor) this, true);
    }

    /// The middle ones along an axis of the elements that are not NaN, the lower of two, and where they are.
    default ValuesAndIndices nanmedian(int axis, boolean keepDims) {
        return Statistics.median((Tensor) this, axis, keepDims, true);
    }

    /// The `k`-th smallest elements along an axis (the first for k = 1), and where they are.
    ///
    /// @throws TensorException if the axis has fewer than `k` elements
    default ValuesAndIndices kthvalue(long k, int axis, boolean keepDims) {
        Tensor self = (Tensor) this;
        long n = self.rank() == 0 ? 1 : self.size(axis);
        if (k < 1 || k > n) {
            throw new TensorException("kthvalue: k = " + k + " of " + n + " elements along axis " + axis + " of "
                    + self.shape() + ": expected 1 to " + n);
        }
        Tensor place = Context.noGrad(() -> Statistics.nth(self.argsort(axis, false), axis, k - 1));
        return Statistics.at(self, place, axis, keepDims);
    }

    /// The most frequent elements along an axis, the smallest of several, and where they come last.
    default ValuesAndIndices mode(int axis, boolean keepDims) {
        return Statistics.mode((Tensor) this, axis, keepDims);
    }

    /// The quantiles `q` (a scalar or a vector of probabilities) along an axis, of all elements where it is null. For
    /// a vector, a first axis counts them. Waits for the device that has `q`.
    ///
    /// @param interpolation `linear`, `lower`, `higher`, `midpoint` or `nearest`: what lies between two elements
    /// @param ignoreNaN whether NaN is left out; otherwise it makes the quantile NaN
    /// @throws TensorException if a probability is outside of [0, 1] or of another dtype, or there are no elements
    default Tensor quantile(
            Tensor q, @Nullable Integer axis, boolean keepDims, String interpolation, boolean ignoreNaN) {
        return Quantiles.of((Tensor) this, q, axis, keepDims, interpolation, ignoreNaN);
    }

    /// How many elements fall into each of `bins` equal parts of [min, max], the upper end included; what lies outside
    /// is not counted. For min = max the range is that of the elements.
    default Tensor histc(int bins, double min, double max) {
        return Statistics.histc((Tensor) this, bins, min, max);
    }

    /// How often each of 0, 1, ... comes in a vector of integers, or the sum of the weights where it does; at least
    /// `minLength` counts. Waits for the device.
    default Tensor bincount(@Nullable Tensor weights, long minLength) {
        return Statistics.bincount((Tensor) this, weights, minLength);
    }

    /// The distinct elements in ascending order; with an axis, the distinct slices along it. Waits for the device.
    default Unique unique(@Nullable Integer axis) {
        return Uniques.of((Tensor) this, axis, false);
    }

    /// The elements without those that equal the one before; with an axis, the slices along it. Waits for the device.
    default Unique uniqueConsecutive(@Nullable Integer axis) {
        return Uniques.of((Tensor) this, axis, true);
    }

    /// The p-norm of the difference to another tensor; see [ReductionOps#norm(double, int[], boolean)].
    default Tensor dist(Tensor other, double p) {
        return ((Tensor) this).sub(other).norm(p, Reductions.NO_AXES, false);
    }

    /// The differences of neighbours along an axis, `times` times over. Of truth values: whether they differ.
    default Tensor diff(int times, int axis) {
        Tensor t = (Tensor) this;
        if (t.rank() == 0 || times < 0) {
            throw new TensorException("diff: " + times + " times over " + t.shape()
                    + ": expected one axis or more, and no negative number");
        }
        for (int i = 0; i < times && t.size(axis) > 0; i++) {
            long n = t.size(axis) - 1;
            Tensor next = t.narrow(axis, 1, n);
            Tensor before = t.narrow(axis, 0, n);
            t = t.dtype() == DType.BOOL ? next.logicalXor(before) : next.sub(before);
        }
        return t;
    }

    /// The derivative along an axis by second-order differences of neighbours, one-sided at the ends (Fornberg, 1988).
    ///
    /// @param spacing the distances between neighbours, one fewer than elements; a scalar stands for all
    /// @param edgeOrder 1 or 2, the order of the differences at the ends
    default Tensor gradient(int axis, Tensor spacing, int edgeOrder) {
        return Differences.gradient((Tensor) this, axis, spacing, edgeOrder);
    }

    /// The integral along an axis by the trapezoidal rule with points `dx` apart.
    default Tensor trapezoid(double dx, int axis) {
        return Statistics.trapezoids((Tensor) this, axis).sum(axis).mul(dx / 2);
    }

    /// The integral along an axis by the trapezoidal rule with points at `x`, a vector or of this shape.
    default Tensor trapezoid(Tensor x, int axis) {
        Tensor self = (Tensor) this;
        return Statistics.trapezoids(self, axis).mul(Statistics.steps(x, self, axis)).sum(axis).div(2.0);
    }

    /// The running integral along an axis; see [#trapezoid(double, int)].
    default Tensor cumulativeTrapezoid(double dx, int axis) {
        return Statistics.trapezoids((Tensor) this, axis).mul(dx / 2).cumsum(axis);
    }

    /// The running integral along an axis; see [#trapezoid(Tensor, int)].
    default Tensor cumulativeTrapezoid(Tensor x, int axis) {
        Tensor self = (Tensor) this;
        return Statistics.trapezoids(self, axis).mul(Statistics.steps(x, self, axis)).div(2.0).cumsum(axis);
    }

    /// The logarithm of the running sum of exponentials along an axis, relative to the largest element of the axis.
    default Tensor logcumsumexp(int axis) {
        Tensor self = (Tensor) this;
        Reductions.requireFloating("logcumsumexp", self);
        if (self.rank() == 0 || self.elements() == 0) {
            return self.clone();
        }
        return Statistics.logcumsumexp(self, self.shape().axis(axis));
    }

    /// The covariance matrix of variables (rows) over observations (columns).
    ///
    /// @param frequencies how often each observation counts (integers), or null
    /// @param weights how much each observation counts, or null
    default Tensor cov(long correction, @Nullable Tensor frequencies, @Nullable Tensor weights) {
        return Statistics.cov((Tensor) this, correction, frequencies, weights);
    }

    /// The correlation coefficients of variables (rows) over observations (columns), within [-1, 1].
    default Tensor corrcoef() {
        Tensor c = cov(1, null, null);
        if (c.rank() == 0) {
            return c.div(c);
        }
        Tensor deviation = c.diagonal(0, 0, 1).sqrt();
        return c.div(deviation.unsqueeze(1)).div(deviation.unsqueeze(0)).clamp(-1, 1);
    }
}
