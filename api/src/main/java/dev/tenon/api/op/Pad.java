package dev.tenon.api.op;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A tensor with a margin of one number. Negative widths cut off.
///
/// @param low how many elements come before, for each axis
/// @param high how many elements come after, for each axis
/// @param value the number
public record Pad(List<Long> low, List<Long> high, double value) implements Composite {
    /// Copies the widths.
    public Pad {
        low = List.copyOf(low);
        high = List.copyOf(high);
    }

    /// Pads with widths given in PyTorch's order: before and after for the last axis, then for the one before it.
    public static Tensor of(Tensor x, double value, long... widths) {
        if (widths.length % 2 != 0 || widths.length / 2 > x.rank()) {
            throw new TensorException("pad: widths " + Arrays.toString(widths) + " for shape " + x.shape()
                    + ": expected two for each of at most " + x.rank() + " axes");
        }
        List<Long> low = new ArrayList<>();
        List<Long> high = new ArrayList<>();
        for (int a = 0; a < x.rank(); a++) {
            int i = 2 * (x.rank() - 1 - a);
            low.add(i < widths.length ? widths[i] : 0);
            high.add(i < widths.length ? widths[i + 1] : 0);
        }
        return Dispatcher.run(new Pad(low, high, value), x);
    }

    /// The part of the operand that is kept: everything but what negative widths cut off.
    public Tensor kept(Tensor x) {
        Tensor t = x;
        for (int a = 0; a < low.size(); a++) {
            long from = Math.max(0, -low.get(a));
            long to = x.size(a) - Math.max(0, -high.get(a));
            if (from > 0 || to < x.size(a)) {
                t = t.narrow(a, from, to - from);
            }
        }
        return t;
    }

    /// The part of the result, or of its gradient, in which the operand's kept part lies.
    public Tensor inner(Tensor y) {
        Tensor t = y;
        for (int a = 0; a < low.size(); a++) {
            long from = Math.max(0, low.get(a));
            long to = y.size(a) - Math.max(0, high.get(a));
            if (from > 0 || to < y.size(a)) {
                t = t.narrow(a, from, to - from);
            }
        }
        return t;
    }

    /// The padding whose result for the gradient of this one's result is the gradient of its operand.
    public Pad reversed() {
        return new Pad(low.stream().map(w -> -w).toList(), high.stream().map(w -> -w).toList(), 0);
    }

    @Override
    public String name() {
        return "pad";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        if (low.size() != x.rank() || high.size() != x.rank()) {
            throw new TensorException("pad: widths " + low + " and " + high + " for shape " + x.shape());
        }
        long[] dims = x.shape().toArray();
        for (int a = 0; a < dims.length; a++) {
            long cut = Math.max(0, -low.get(a)) + Math.max(0, -high.get(a));
            dims[a] += low.get(a) + high.get(a);
            if (dims[a] < 0 || cut > x.shape().dim(a)) {
                throw new TensorException("pad: widths " + low.get(a) + " and " + high.get(a)
                        + " cut more than axis " + a
                        + " of " + x.shape() + " has");
            }
        }
        return List.of(TensorType.of(x.dtype(), Shape.of(dims)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor x = in.getFirst();
        Shape shape = infer(List.of(x.type())).getFirst().shape();
        Tensor out = Tensors.full(shape, value, x.dtype(), x.device());
        Tensor kept = kept(x);
        if (kept.elements() > 0) {
            Tensor into = inner(out);
            Dispatcher.applyInto(CopyOp.SAME, List.of(kept), List.of(into));
        }
        return List.of(out);
    }
}
