package dev.tenon.api;

import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.ScatterOp.Mode;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.ViewScatter;

/// Picking and placing elements. Negative axes count from the last; positions passed as numbers may be negative and
/// then
/// count from the end.
public sealed interface IndexingOps permits Tensor {

    /// NumPy's indexing: `x.get(Index.at(0), Index.range(1, 3), Index.ellipsis())`. A view unless a part is a tensor.
    default Tensor get(Index... parts) {
        return Indexing.get((Tensor) this, parts);
    }

    /// The element or sub-tensor at the given positions of the first axes, as a view.
    default Tensor get(long... positions) {
        Tensor t = (Tensor) this;
        for (long p : positions) {
            t = t.select(0, p);
        }
        return t;
    }

    /// Replaces what [#get(Index...)] would give by a value, broadcast and converted.
    ///
    /// @return this
    default Tensor set(Tensor value, Index... parts) {
        Tensor self = (Tensor) this;
        Indexing.set(self, value, parts);
        return self;
    }

    /// Replaces what [#get(Index...)] would give by a number.
    ///
    /// @return this
    default Tensor set(double value, Index... parts) {
        Tensor self = (Tensor) this;
        return set(Tensors.full(Shape.SCALAR, value, self.dtype(), self.device()), parts);
    }

    /// A copy in which what [#get(Index...)] would give is replaced by a value, or increased by it where `accumulate`.
    default Tensor indexPut(Tensor value, boolean accumulate, Index... parts) {
        return Indexing.put((Tensor) this, value, accumulate, parts);
    }

    /// The slice at a position along an axis, without that axis, as a view.
    default Tensor select(int axis, long position) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0) {
            throw new TensorException("select: a scalar has no axis to select along");
        }
        int a = self.shape().axis(axis);
        long n = self.size(a);
        if (position < -n || position >= n) {
            throw new TensorException("select: position " + position + " along axis " + axis + " of " + self.shape()
                    + ": expected " + -n + " to " + (n - 1));
        }
        long p = position < 0 ? position + n : position;
        return Dispatcher.run(new ViewOp.Slice(a, p, 1, 1), self).reshape(self.shape().without(a));
    }

    /// A copy in which the part that a view would show is replaced by a source of that shape.
    default Tensor viewScatter(ViewOp view, Tensor source) {
        Tensor self = (Tensor) this;
        Shape part = view.place(self.type()).type().shape();
        return Dispatcher.run(new ViewScatter(view), self, source.to(self.dtype()).expand(part));
    }

    /// A copy in which positions `start`, `start + step`, ... along an axis are replaced by a source.
    default Tensor sliceScatter(Tensor source, int axis, long start, long length, long step) {
        return viewScatter(new ViewOp.Slice(((Tensor) this).shape().axis(axis), start, length, step), source);
    }

    /// `out[i][j] = this[i][index[i][j]]` for axis 1; the index has as many axes as this.
    default Tensor gather(int axis, Tensor index) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0 && index.rank() <= 1) {
            return self.reshape(1).gather(0, index.reshape(-1)).reshape(index.shape());
        }
        return Dispatcher.run(new GatherOp(self.shape().axis(axis)), self, index);
    }

    /// The slices at the positions of a vector along an axis, in that order.
    default Tensor indexSelect(int axis, Tensor index) {
        Tensor self = (Tensor) this;
        if (index.rank() > 1) {
            throw new TensorException("index_select: the index " + index.shape() + " has several axes, expected one");
        }
        if (self.rank() == 0) {
            return self.gather(0, index.reshape(-1)).reshape(Shape.SCALAR);
        }
        int a = self.shape().axis(axis);
        return self.gather(a, Indices.along(index.reshape(-1), a, self.shape()));
    }

    /// A copy with `out[i][index[i][j]] = source[i][j]` for axis 1; of several, the last wins.
    default Tensor scatter(int axis, Tensor index, Tensor source) {
        return Indices.scatter(Mode.SET, (Tensor) this, axis, index, source);
    }

    /// A copy with `out[i][index[i][j]] += source[i][j]` for axis 1.
    default Tensor scatterAdd(int axis, Tensor index, Tensor source) {
        return Indices.scatter(Mode.ADD, (Tensor) this, axis, index, source);
    }

    /// A copy with sources combined into it along an axis by the given mode.
    default Tensor scatter(int axis, Tensor index, Tensor source, Mode mode) {
        return Indices.scatter(mode, (Tensor) this, axis, index, source);
    }

    /// A copy with the slices of a source added at the positions of a vector along an axis.
    default Tensor indexAdd(int axis, Tensor index, Tensor source) {
        return Indices.indexed(Mode.ADD, (Tensor) this, axis, index, source);
    }

    /// A copy with the slices of a source put at the positions of a vector along an axis.
    default Tensor indexCopy(int axis, Tensor index, Tensor source) {
        return Indices.indexed(Mode.SET, (Tensor) this, axis, index, source);
    }

    /// The elements at row-major positions, in the shape of the index.
    default Tensor take(Tensor index) {
        Tensor flat = ((Tensor) this).reshape(-1);
        return flat.get(Index.of(index.reshape(-1))).reshape(index.shape());
    }

    /// A copy in which elements are a number wherever the mask, broadcast, is true.
    default Tensor maskedFill(Tensor mask, double value) {
        Tensor self = (Tensor) this;
        return Tensors.full(Shape.SCALAR, value, self.dtype(), self.device()).where(mask, self);
    }

    /// The elements where the mask, broadcast, is true, as a vector. Waits for the device, because the size depends
    /// on the
    /// mask.
    default Tensor maskedSelect(Tensor mask) {
        Tensor self = (Tensor) this;
        Shape s = Shape.broadcast("masked_select", self.shape(), mask.shape());
        Tensor where = mask.expand(s).reshape(-1).nonzero().reshape(-1);
        return self.expand(s).reshape(-1).indexSelect(0, where);
    }

    /// The positions of the elements that are not zero, one row each, in row-major order, as `I64`. Waits for the
    /// device,
    /// because the size depends on the values.
    default Tensor nonzero() {
        return Indices.nonzero((Tensor) this);
    }
}
