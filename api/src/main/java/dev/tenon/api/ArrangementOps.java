package dev.tenon.api;

import dev.tenon.api.op.ViewOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// More operations that arrange elements anew: diagonals, turns, tiles, parts. As in [ShapeOps] the results are views
/// where they can be, and negative axes count from the last.
public sealed interface ArrangementOps permits Tensor {

    /// As a vector, row-major.
    default Tensor ravel() {
        return ((Tensor) this).reshape(-1);
    }

    /// The shape of another tensor; see [ShapeOps#reshape(Shape)].
    default Tensor reshapeAs(Tensor other) {
        return ((Tensor) this).reshape(Shapes.infer("reshape", ((Tensor) this).shape(), other.shape().toArray()));
    }

    /// Repeated along axes of extent 1 and along new axes in front; see [ShapeOps#expand(long...)].
    default Tensor broadcastTo(long... dims) {
        return ((Tensor) this).expand(dims);
    }

    /// Summed to a shape that broadcasts to this one's: the opposite of broadcasting. Sums of integers and truth values
    /// are `I64`.
    ///
    /// @throws TensorException if the shape does not broadcast to this one's
    default Tensor sumToSize(long... dims) {
        Tensor self = (Tensor) this;
        Shape to = Shape.of(dims);
        if (!to.broadcastsTo(self.shape())) {
            throw new TensorException("sum_to_size: " + to + " does not broadcast to " + self.shape());
        }
        int added = self.rank() - to.rank();
        List<Integer> axes = new ArrayList<>();
        for (int i = 0; i < self.rank(); i++) {
            if (i < added || to.dim(i - added) == 1 && self.size(i) != 1) {
                axes.add(i);
            }
        }
        return to.rank() == 0 ? self.sum()
                : axes.isEmpty() ? self
                : self.sum(axes.stream().mapToInt(Integer::intValue).toArray(), true).reshape(to);
    }

    /// The axes in reverse order.
    default Tensor transposeAll() {
        int n = ((Tensor) this).rank();
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = n - 1 - i;
        }
        return ((Tensor) this).permute(order);
    }

    /// Axes moved to other places; the others keep their order.
    ///
    /// @throws TensorException if the numbers of axes differ or one comes twice
    default Tensor movedim(int[] from, int[] to) {
        Tensor self = (Tensor) this;
        Shape s = self.shape();
        List<Integer> source = Arrays.stream(from).map(s::axis).boxed().toList();
        List<Integer> target = Arrays.stream(to).map(s::axis).boxed().toList();
        boolean twice = Set.copyOf(source).size() != source.size() || Set.copyOf(target).size() != target.size();
        if (from.length != to.length || twice) {
            throw new TensorException("movedim: from " + Arrays.toString(from) + " to " + Arrays.toString(to) + " of "
                    + s + ": expected as many places as axes, each once");
        }
        if (s.rank() == 0) {
            return self;
        }
        int[] order = new int[s.rank()];
        Arrays.fill(order, -1);
        Set<Integer> used = new HashSet<>(source);
        for (int i = 0; i < source.size(); i++) {
            order[target.get(i)] = source.get(i);
        }
        int next = 0;
        for (int i = 0; i < order.length; i++) {
            while (order[i] < 0) {
                if (!used.contains(next)) {
                    order[i] = next;
                }
                next++;
            }
        }
        return self.permute(order);
    }

    /// Shifted along several axes; see [ShapeOps#roll(long, int)]. Without axes, one shift of the elements row-major.
    default Tensor roll(long[] shifts, int[] axes) {
        Tensor t = (Tensor) this;
        if (axes.length == 0 && shifts.length == 1) {
            return t.reshape(-1).roll(shifts[0], 0).reshape(t.shape());
        }
        if (shifts.length != axes.length || shifts.length == 0) {
            throw new TensorException("roll: shifts " + Arrays.toString(shifts) + " along axes "
                    + Arrays.toString(axes) + ": expected one shift for each axis");
        }
        for (int i = 0; i < shifts.length; i++) {
            t.shape().axis(axes[i]);
            t = t.roll(shifts[i], axes[i]);
        }
        return t;
    }

    /// `times` tiles along the axes, aligned at the last: fewer numbers than axes leave the first ones alone.
    default Tensor tile(long... times) {
        Tensor self = (Tensor) this;
        long[] all = times;
        if (times.length < self.rank()) {
            all = new long[self.rank()];
            Arrays.fill(all, 1);
            System.arraycopy(times, 0, all, all.length - times.length, times.length);
        }
        return self.repeat(all);
    }

    /// Each element `times` times in a row along an axis.
    default Tensor repeatInterleave(long times, int axis) {
        Tensor self = (Tensor) this;
        if (times < 0) {
            throw new TensorException("repeat_interleave: " + times + " times: expected at least 0");
        }
        Tensor t = self.rank() == 0 ? self.reshape(1) : self;
        int a = t.shape().axis(axis);
        Shape merged = t.shape().with(a, t.size(a) * times);
        return t.unsqueeze(a + 1).expand(t.shape().inserted(a + 1, times)).reshape(merged).clone();
    }

    /// Each slice along an axis as often as the tensor of counts, a vector or one number, says. Waits for the device.
    default Tensor repeatInterleave(Tensor counts, int axis) {
        Tensor self = (Tensor) this;
        Tensor t = self.rank() == 0 ? self.reshape(1) : self;
        long[] n = counts.toLongArray();
        if (counts.elements() == 1) {
            return t.repeatInterleave(n[0], axis);
        }
        if (counts.rank() != 1 || n.length != t.size(axis) || Arrays.stream(n).anyMatch(k -> k < 0)) {
            throw new TensorException("repeat_interleave: counts " + counts.shape() + " along axis " + axis + " of "
                    + t.shape() + ": expected one for each slice, none negative");
        }
        long[] index = new long[(int) Arrays.stream(n).sum()];
        int at = 0;
        for (int i = 0; i < n.length; i++) {
            Arrays.fill(index, at, at + (int) n[i], i);
            at += (int) n[i];
        }
        return t.indexSelect(axis, Tensors.of(index, Shape.of(index.length), t.device()));
    }

    /// In reverse order along the second axis.
    default Tensor fliplr() {
        Tensor self = (Tensor) this;
        if (self.rank() < 2) {
            throw new TensorException("fliplr: takes two axes or more, got shape " + self.shape());
        }
        return self.flip(1);
    }

    /// In reverse order along the first axis.
    default Tensor flipud() {
        Tensor self = (Tensor) this;
        if (self.rank() < 1) {
            throw new TensorException("flipud: takes one axis or more, got shape " + self.shape());
        }
        return self.flip(0);
    }

    /// Turned `times` quarters in the plane of two axes, from the first towards the second.
    default Tensor rot90(long times, int axis1, int axis2) {
        Tensor self = (Tensor) this;
        int a = self.shape().axis(axis1);
        int b = self.shape().axis(axis2);
        if (a == b || self.rank() < 2) {
            throw new TensorException("rot90: axes " + axis1 + " and " + axis2 + " of " + self.shape()
                    + ": expected two different ones");
        }
        return switch ((int) Math.floorMod(times, 4L)) {
            case 1 -> self.flip(b).transpose(a, b);
            case 2 -> self.flip(a, b);
            case 3 -> self.flip(a).transpose(a, b);
            default -> self;
        };
    }

    /// Of a vector, the matrix with it as a diagonal; of a matrix, its diagonal as a vector of its own.
    default Tensor diag(long offset) {
        Tensor self = (Tensor) this;
        if (self.rank() != 1 && self.rank() != 2) {
            throw new TensorException("diag: takes a vector or a matrix, got shape " + self.shape()
                    + "; use diagonal or diagEmbed");
        }
        return self.rank() == 1 ? diagEmbed(offset, 0, 1) : self.diagonal(offset, 0, 1).clone();
    }

    /// The matrix with all elements, row-major, as a diagonal.
    default Tensor diagflat(long offset) {
        return ((Tensor) this).reshape(-1).diag(offset);
    }

    /// Matrices over two new axes of the result with the last axis as their diagonal.
    default Tensor diagEmbed(long offset, int axis1, int axis2) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0) {
            throw new TensorException("diag_embed: takes one axis or more, got a scalar");
        }
        long n = self.size(-1) + Math.abs(offset);
        Shape batch = self.shape().without(self.rank() - 1);
        Shape frame = batch.inserted(batch.rank(), n).inserted(batch.rank() + 1, n);
        int a = frame.axis(axis1);
        int b = frame.axis(axis2);
        if (a == b) {
            throw new TensorException("diag_embed: axes " + axis1 + " and " + axis2 + " are the same");
        }
        Shape shape = batch;
        shape = a < b ? shape.inserted(a, n).inserted(b, n) : shape.inserted(b, n).inserted(a, n);
        return Tensors.zeros(shape, self.dtype(), self.device()).viewScatter(new ViewOp.Diagonal(offset, a, b), self);
    }

    /// Parts of nearly equal size along an axis: the first ones are longer by one where it does not divide.
    default List<Tensor> tensorSplit(int parts, int axis) {
        if (parts < 1) {
            throw new TensorException("tensor_split: " + parts + " parts: expected at least 1");
        }
        long n = ((Tensor) this).size(axis);
        long[] sizes = new long[parts];
        for (int i = 0; i < parts; i++) {
            sizes[i] = n / parts + (i < n % parts ? 1 : 0);
        }
        return ((Tensor) this).split(sizes, axis);
    }

    /// The parts before, between and after the given positions along an axis; bounds follow Python's rules.
    default List<Tensor> tensorSplit(long[] positions, int axis) {
        Tensor self = (Tensor) this;
        long n = self.size(axis);
        List<Tensor> parts = new ArrayList<>();
        long start = 0;
        for (int i = 0; i <= positions.length; i++) {
            long end = i < positions.length ? bound(positions[i], n) : n;
            parts.add(self.narrow(axis, Math.min(start, n), Math.max(0, end - start)));
            start = end;
        }
        return parts;
    }

    private static long bound(long i, long n) {
        return Math.clamp(i < 0 ? i + n : i, 0, n);
    }

    /// With one axis at least.
    default Tensor atleast1d() {
        Tensor self = (Tensor) this;
        return self.rank() == 0 ? self.reshape(1) : self;
    }

    /// With two axes at least; new ones come in front.
    default Tensor atleast2d() {
        Tensor self = (Tensor) this;
        return switch (self.rank()) {
            case 0 -> self.reshape(Shape.of(1, 1));
            case 1 -> self.unsqueeze(0);
            default -> self;
        };
    }

    /// With three axes at least: a vector becomes `[1, n, 1]`, a matrix `[m, n, 1]`.
    default Tensor atleast3d() {
        Tensor self = (Tensor) this;
        return switch (self.rank()) {
            case 0 -> self.reshape(Shape.of(1, 1, 1));
            case 1 -> self.reshape(Shape.of(1, self.size(0), 1));
            case 2 -> self.unsqueeze(2);
            default -> self;
        };
    }
}
