package dev.tenon.api;

import dev.tenon.api.op.ScatterOp.Mode;
import dev.tenon.api.op.ViewOp;

/// More of picking and placing elements: fills, combining scatters, searches. Negative axes count from the last.
public sealed interface SelectionOps permits Tensor {

    /// A copy with the slices at the positions of a vector along an axis set to a number. Negative positions count from
    /// the end.
    default Tensor indexFill(int axis, Tensor index, double value) {
        Tensor self = (Tensor) this;
        return indexFill(axis, index, Tensors.full(Shape.SCALAR, value, self.dtype(), self.device()));
    }

    /// A copy with the slices at the positions of a vector along an axis set to a scalar tensor. Negative positions
    /// count from the end.
    default Tensor indexFill(int axis, Tensor index, Tensor value) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0) {
            return self.reshape(1).indexFill(0, index, value).reshape(Shape.SCALAR);
        }
        Tensor i = Indices.wrapped(index.reshape(-1), self.size(axis));
        Shape part = self.shape().with(axis, i.elements());
        return self.indexCopy(axis, i, value.to(self.dtype()).expand(part));
    }

    /// A copy with the slices of a source, times a number, added at the positions of a vector along an axis.
    default Tensor indexAdd(int axis, Tensor index, Tensor source, double alpha) {
        Tensor self = (Tensor) this;
        Tensor scaled = alpha == 1 ? source
                : self.dtype().isFloating() ? source.mul(alpha) : source.mul((long) alpha);
        return Indices.indexed(Mode.ADD, self, axis, index, scaled.to(self.dtype()));
    }

    /// `out[i][j] = this[i][index[i][j]]` for axis 1; both broadcast along the other axes.
    default Tensor takeAlongDim(Tensor index, int axis) {
        Tensor self = (Tensor) this;
        int a = self.shape().axis(axis);
        if (self.rank() != index.rank()) {
            throw new TensorException("take_along_dim: input " + self.shape() + " and index " + index.shape()
                    + ": expected the same number of axes");
        }
        if (self.rank() == 0) {
            return self.gather(0, index);
        }
        Shape one = Shape.broadcast("take_along_dim", self.shape().with(a, 1), index.shape().with(a, 1));
        Tensor positions = index.expand(one.with(a, index.size(a)));
        return self.expand(one.with(a, self.size(a))).gather(a, Indices.wrapped(positions, self.size(a)));
    }

    /// A copy with the elements at row-major positions replaced by those of a source, or increased by them.
    default Tensor put(Tensor index, Tensor source, boolean accumulate) {
        Tensor self = (Tensor) this;
        Tensor flat = self.reshape(-1);
        Tensor i = Indices.wrapped(index.reshape(-1), flat.elements());
        Tensor s = source.reshape(-1);
        return flat.scatter(0, i, s, accumulate ? Mode.ADD : Mode.SET).reshape(self.shape());
    }

    /// A copy in which elements are those of a scalar tensor wherever the mask, broadcast, is true.
    default Tensor maskedFill(Tensor mask, Tensor value) {
        Tensor self = (Tensor) this;
        return value.to(self.dtype()).where(mask, self);
    }

    /// A copy in which the elements where the mask, broadcast, is true are replaced in order by those of a source.
    /// Waits for the device.
    default Tensor maskedScatter(Tensor mask, Tensor source) {
        Tensor self = (Tensor) this;
        Shape s = Shape.broadcast("masked_scatter", self.shape(), mask.shape());
        Tensor where = mask.expand(s).reshape(-1).nonzero().reshape(-1);
        if (source.elements() < where.elements()) {
            throw new TensorException("masked_scatter: the mask picks " + where.elements()
                    + " elements, the source has " + source.elements());
        }
        Tensor picked = source.reshape(-1).narrow(0, 0, where.elements()).to(self.dtype());
        return self.expand(s).reshape(-1).scatter(0, where, picked).reshape(s);
    }

    /// A copy in which the slice at a position along an axis is replaced by a source.
    default Tensor selectScatter(Tensor source, int axis, long position) {
        Tensor self = (Tensor) this;
        int a = self.shape().axis(axis);
        long n = self.rank() == 0 ? 0 : self.size(a);
        if (position < -n || position >= n) {
            throw new TensorException("select_scatter: position " + position + " along axis " + axis + " of "
                    + self.shape() + ": expected " + -n + " to " + (n - 1));
        }
        if (!source.shape().equals(self.shape().without(a))) {
            throw new TensorException("select_scatter: source " + source.shape() + " for a slice of shape "
                    + self.shape().without(a));
        }
        ViewOp slice = new ViewOp.Slice(a, position < 0 ? position + n : position, 1, 1);
        return self.viewScatter(slice, source.unsqueeze(a));
    }

    /// A copy in which the diagonal of two axes is replaced by a source.
    default Tensor diagonalScatter(Tensor source, long offset, int axis1, int axis2) {
        Tensor self = (Tensor) this;
        return self.viewScatter(
                new ViewOp.Diagonal(offset, self.shape().axis(axis1), self.shape().axis(axis2)), source);
    }

    /// A copy with the elements of a source combined into it along an axis: `sum`, `prod`, `mean`, `amax` or `amin`.
    ///
    /// @param includeSelf whether the elements that are there take part where something is combined into them
    default Tensor scatterReduce(int axis, Tensor index, Tensor source, String reduce, boolean includeSelf) {
        return Indices.scatterReduce((Tensor) this, axis, index, source, reduce, includeSelf);
    }

    /// A copy with the slices of a source combined into it at the positions of a vector along an axis; see
    /// [#scatterReduce].
    default Tensor indexReduce(int axis, Tensor index, Tensor source, String reduce, boolean includeSelf) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0) {
            return self.reshape(1).indexReduce(0, index, source.reshape(-1), reduce, includeSelf)
                    .reshape(Shape.SCALAR);
        }
        int a = self.shape().axis(axis);
        Tensor along = Indices.along(index.reshape(-1), a, source.shape());
        return scatterReduce(a, along, source, reduce, includeSelf);
    }

    /// The positions of the elements that are not zero, one row each; of a scalar, rows without columns.
    default Tensor argwhere() {
        return ((Tensor) this).nonzero();
    }

    /// Whether each element is among those of another tensor.
    default Tensor isIn(Tensor elements) {
        Tensor self = (Tensor) this;
        if (elements.elements() == 0) {
            return Tensors.zeros(self.shape(), DType.BOOL, self.device());
        }
        return self.unsqueeze(self.rank()).eq(elements.reshape(-1)).any(new int[] {-1}, false);
    }

    /// Where each value would have to be inserted into this, sorted along its last axis, to keep it sorted: before
    /// equal elements, or after them where `right`. As `I64`. This is a vector, or has the other axes of the values.
    default Tensor searchSorted(Tensor values, boolean right) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0 || self.rank() > 1 && !self.shape().without(-1).equals(values.shape().without(-1))) {
            throw new TensorException("searchsorted: sequence " + self.shape() + " for values " + values.shape()
                    + ": expected a vector, or equal extents but for the last axis");
        }
        Tensor sequence = self.rank() == 1 ? self : self.unsqueeze(-2);
        Tensor v = values.unsqueeze(values.rank());
        // NaN sorts last.
        Tensor before = right ? sequence.le(v).logicalOr(v.isNaN()) : sequence.lt(v)
                .logicalOr(v.isNaN().logicalAnd(sequence.isNaN().logicalNot()));
        return before.sum(new int[] {-1}, false, DType.I64);
    }
}
