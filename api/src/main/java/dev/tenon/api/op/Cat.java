package dev.tenon.api.op;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.List;

/// Tensors of one dtype one after the other along an axis.
///
/// @param axis the axis, counted from the first
public record Cat(int axis) implements Composite {
    @Override
    public String name() {
        return "cat";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType first = in.getFirst();
        long total = 0;
        for (TensorType t : in) {
            boolean fits = t.rank() == first.rank() && t.rank() > 0 && t.dtype() == first.dtype();
            for (int i = 0; fits && i < t.rank(); i++) {
                fits = i == axis || t.shape().dim(i) == first.shape().dim(i);
            }
            if (!fits) {
                throw new TensorException("cat: " + first + " and " + t + " along axis " + axis
                        + ": all other extents, and the dtypes, must be equal");
            }
            total += t.shape().dim(axis);
        }
        return List.of(TensorType.of(first.dtype(), first.shape().with(axis, total)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor first = in.getFirst();
        Shape shape = infer(in.stream().map(Tensor::type).toList()).getFirst().shape();
        Tensor out = Tensors.empty(shape, first.dtype(), first.device());
        long at = 0;
        for (Tensor t : in) {
            if (t.size(axis) > 0) {
                try (Tensor part = out.narrow(axis, at, t.size(axis))) {
                    Dispatcher.applyInto(CopyOp.SAME, List.of(t), List.of(part));
                }
            }
            at += t.size(axis);
        }
        return List.of(out);
    }
}
