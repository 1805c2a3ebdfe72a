package dev.tenon.api;

import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.ViewOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Operations that arrange elements anew. All but [#clone()], [#contiguous()], [#repeat(long...)], [#roll] and,
/// where it
/// must, [#reshape(long...)] give views: they share memory with this tensor. Negative axes count from the last.
public sealed interface ShapeOps permits Tensor {

    /// A copy with memory of its own, contiguous.
    Tensor clone();

    /// This tensor if it is contiguous, otherwise a contiguous copy.
    default Tensor contiguous() {
        Tensor self = (Tensor) this;
        return self.isContiguous() ? self : Dispatcher.run(CopyOp.SAME, self);
    }

    /// The same elements in row-major order under another shape: a view where possible, otherwise a copy. One
    /// extent may
    /// be -1 and follows from the others.
    ///
    /// @throws TensorException if the number of elements differs
    default Tensor reshape(long... dims) {
        return reshape(Shapes.infer("reshape", ((Tensor) this).shape(), dims));
    }

    /// The same elements in row-major order under another shape: a view where possible, otherwise a copy.
    default Tensor reshape(Shape shape) {
        Tensor self = (Tensor) this;
        if (self.shape().equals(shape)) {
            return self;
        }
        ViewOp.Reshape op = new ViewOp.Reshape(shape);
        boolean possible = self.elements() != shape.elements() || op.strides(self.type()).isPresent();
        return Dispatcher.run(op, possible ? self : self.contiguous());
    }

    /// As [#reshape(long...)], but always a view.
    ///
    /// @throws TensorException if only a copy could have that shape
    default Tensor view(long... dims) {
        Tensor self = (Tensor) this;
        return Dispatcher.run(new ViewOp.Reshape(Shapes.infer("view", self.shape(), dims)), self);
    }

    /// The axes `from` to `to` (inclusive) merged into one.
    default Tensor flatten(int from, int to) {
        Tensor self = (Tensor) this;
        Shape s = self.shape();
        int a = s.axis(from);
        int b = s.axis(to);
        if (a > b) {
            throw new TensorException("flatten: axis " + from + " comes after axis " + to + " in shape " + s);
        }
        if (s.rank() == 0) {
            return reshape(1);
        }
        long n = s.slice(a, b + 1).elements();
        return reshape(s.slice(0, a).concat(Shape.of(n)).concat(s.slice(b + 1, s.rank())));
    }

    /// All axes merged into one.
    default Tensor flatten() {
        return flatten(0, -1);
    }

    /// One axis split into several; one extent may be -1.
    default Tensor unflatten(int axis, long... dims) {
        Shape s = ((Tensor) this).shape();
        int a = s.axis(axis);
        Shape inner = Shapes.infer("unflatten", s.slice(a, a + 1), dims);
        return reshape(s.slice(0, a).concat(inner).concat(s.slice(a + 1, s.rank())));
    }

    /// The axes in another order.
    default Tensor permute(int... axes) {
        Tensor self = (Tensor) this;
        List<Integer> a = Arrays.stream(axes).map(self.shape()::axis).boxed().toList();
        return Dispatcher.run(new ViewOp.Permute(a), self);
    }

    /// Two axes exchanged.
    default Tensor transpose(int axis1, int axis2) {
        Tensor self = (Tensor) this;
        int a = self.shape().axis(axis1);
        int b = self.shape().axis(axis2);
        int[] order = IntStream.range(0, self.rank()).map(i -> i == a ? b : i == b ? a : i).toArray();
        return self.rank() == 0 ? self : permute(order);
    }

    /// The transpose of a matrix; vectors and scalars stay as they are.
    default Tensor t() {
        Tensor self = (Tensor) this;
        if (self.rank() > 2) {
            throw new TensorException("t: takes a matrix, got shape " + self.shape() + "; use transpose or mT");
        }
        return self.rank() < 2 ? self : transpose(0, 1);
    }

    /// The last two axes exchanged.
    default Tensor mT() {
        return transpose(-2, -1);
    }

    /// An axis moved to another place; the others keep their order.
    default Tensor movedim(int from, int to) {
        Tensor self = (Tensor) this;
        List<Integer> order = new ArrayList<>(IntStream.range(0, self.rank()).boxed().toList());
        Integer moved = order.remove(self.shape().axis(from));
        order.add(self.shape().axis(to), moved);
        return Dispatcher.run(new ViewOp.Permute(order), self);
    }

    /// Without the axes of extent 1.
    default Tensor squeeze() {
        return reshape(Shape.of(((Tensor) this).shape().stream().filter(d -> d != 1).toArray()));
    }

    /// Without `axis` if its extent is 1, otherwise this tensor.
    default Tensor squeeze(int axis) {
        Tensor self = (Tensor) this;
        int a = self.shape().axis(axis);
        return self.rank() > 0 && self.size(a) == 1 ? reshape(self.shape().without(a)) : self;
    }

    /// With a new axis of extent 1 at place `axis` of the result.
    default Tensor unsqueeze(int axis) {
        Tensor self = (Tensor) this;
        int n = self.rank() + 1;
        if (axis < -n || axis >= n) {
            throw new TensorException("unsqueeze: axis " + axis + " is out of range for shape " + self.shape()
                    + ": expected " + -n + " to " + (n - 1));
        }
        return reshape(self.shape().inserted(axis < 0 ? axis + n : axis, 1));
    }

    /// Repeated along axes of extent 1 and along new axes in front, without copying.
    default Tensor expand(Shape shape) {
        Tensor self = (Tensor) this;
        return self.shape().equals(shape) ? self : Dispatcher.run(new ViewOp.Expand(shape), self);
    }

    /// Repeated along axes of extent 1 and along new axes in front, without copying; -1 keeps an extent.
    default Tensor expand(long... dims) {
        Tensor self = (Tensor) this;
        long[] d = dims.clone();
        int added = d.length - self.rank();
        for (int i = 0; i < d.length; i++) {
            if (d[i] == -1 && i >= added) {
                d[i] = self.size(i - added);
            }
        }
        return expand(Shape.of(d));
    }

    /// Repeated to the shape of another tensor.
    default Tensor expandAs(Tensor other) {
        return expand(other.shape());
    }

    /// The tensor tiled: `times[i]` copies along axis i, new axes in front for further numbers.
    default Tensor repeat(long... times) {
        Tensor self = (Tensor) this;
        int added = times.length - self.rank();
        if (added < 0) {
            throw new TensorException("repeat: " + times.length + " numbers for shape " + self.shape()
                    + ": give one for each axis");
        }
        long[] split = new long[2 * times.length];
        long[] grown = new long[2 * times.length];
        long[] merged = new long[times.length];
        for (int i = 0; i < times.length; i++) {
            long extent = i < added ? 1 : self.size(i - added);
            split[2 * i] = 1;
            grown[2 * i] = times[i];
            split[2 * i + 1] = extent;
            grown[2 * i + 1] = extent;
            merged[i] = times[i] * extent;
        }
        Tensor tiled = reshape(Shape.of(split)).expand(Shape.of(grown)).reshape(Shape.of(merged));
        return tiled.sharesMemoryWith(self) ? tiled.clone() : tiled;
    }

    /// In reverse order along the axes.
    default Tensor flip(int... axes) {
        Tensor t = (Tensor) this;
        for (int axis : axes) {
            int a = t.shape().axis(axis);
            long n = t.rank() == 0 ? 0 : t.size(a);
            t = n == 0 ? t : Dispatcher.run(new ViewOp.Slice(a, n - 1, n, -1), t);
        }
        return t;
    }

    /// Shifted along an axis; what leaves at one end comes back at the other.
    default Tensor roll(long shift, int axis) {
        Tensor self = (Tensor) this;
        long n = self.rank() == 0 ? 0 : self.size(axis);
        long k = n == 0 ? 0 : Math.floorMod(shift, n);
        return k == 0 ? self.clone() : Tensors.cat(axis, narrow(axis, n - k, k), narrow(axis, 0, n - k));
    }

    /// `length` elements from `start` along an axis.
    default Tensor narrow(int axis, long start, long length) {
        Tensor self = (Tensor) this;
        int a = self.shape().axis(axis);
        long n = self.size(a);
        if (start < 0 || length < 0 || start + length > n) {
            throw new TensorException("narrow: elements " + start + " to " + (start + length) + " along axis " + axis
                    + " of " + self.shape() + ": the axis has " + n);
        }
        return Dispatcher.run(new ViewOp.Slice(a, start, length, 1), self);
    }

    /// Consecutive parts of at most `size` elements along an axis.
    default List<Tensor> split(long size, int axis) {
        if (size < 1) {
            throw new TensorException("split: size " + size + ": expected at least 1");
        }
        long n = ((Tensor) this).size(axis);
        List<Tensor> parts = new ArrayList<>();
        for (long i = 0; i == 0 || i < n; i += size) {
            parts.add(narrow(axis, i, Math.min(size, n - i)));
        }
        return parts;
    }

    /// Consecutive parts of the given sizes along an axis.
    ///
    /// @throws TensorException if the sizes do not add up to the extent
    default List<Tensor> split(long[] sizes, int axis) {
        long n = ((Tensor) this).size(axis);
        if (Arrays.stream(sizes).sum() != n) {
            throw new TensorException("split: sizes " + Arrays.toString(sizes) + " do not add up to the " + n
                    + " elements along axis " + axis + " of " + ((Tensor) this).shape());
        }
        List<Tensor> parts = new ArrayList<>();
        long start = 0;
        for (long s : sizes) {
            parts.add(narrow(axis, start, s));
            start += s;
        }
        return parts;
    }

    /// At most `chunks` consecutive parts of equal size (the last may be smaller) along an axis.
    default List<Tensor> chunk(int chunks, int axis) {
        long n = ((Tensor) this).size(axis);
        if (chunks < 1) {
            throw new TensorException("chunk: " + chunks + " parts: expected at least 1");
        }
        return split(Math.max(1, (n + chunks - 1) / chunks), axis);
    }

    /// The slices along an axis, without that axis.
    default List<Tensor> unbind(int axis) {
        Tensor self = (Tensor) this;
        List<Tensor> parts = new ArrayList<>();
        for (long i = 0; i < self.size(axis); i++) {
            parts.add(self.select(axis, i));
        }
        return parts;
    }

    /// The diagonal of two axes as a new last axis; `offset` > 0 lies above the main diagonal.
    default Tensor diagonal(long offset, int axis1, int axis2) {
        Tensor self = (Tensor) this;
        return Dispatcher.run(new ViewOp.Diagonal(offset, self.shape().axis(axis1), self.shape().axis(axis2)), self);
    }

    /// Windows of `size` elements that slide along an axis by `step`; a new last axis counts within the window.
    default Tensor unfold(int axis, long size, long step) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0) {
            self.shape().axis(axis);
            return self.reshape(1).narrow(0, 0, size);
        }
        return Dispatcher.run(new ViewOp.Window(self.shape().axis(axis), size, step, 1), self);
    }
}
