package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.List;

/// The first `k` elements of a stable sort along an axis, without the rest. Outputs: the values, and as `I64` the
/// positions they came from. NaN counts as larger than every number.
///
/// @param k how many
/// @param axis the axis, counted from the first
/// @param largest whether the largest are wanted, the largest first; otherwise the smallest
public record TopK(int k, int axis, boolean largest) implements Composite {
    @Override
    public String name() {
        return "topk";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        if (axis < 0 || axis >= x.rank()) {
            throw new TensorException("topk: axis " + axis + " is out of range for shape " + x.shape());
        }
        if (k < 0 || k > x.shape().dim(axis)) {
            throw new TensorException("topk: k = " + k + " of " + x.shape().dim(axis) + " elements along axis " + axis
                    + " of " + x.shape() + ": expected 0 to " + x.shape().dim(axis));
        }
        TensorType values = TensorType.of(x.dtype(), x.shape().with(axis, k));
        return List.of(values, values.withDType(DType.I64));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        List<Tensor> all = Dispatcher.apply(new SortOp(axis, largest), in);
        return all.stream().map(t -> t.narrow(axis, 0, k).contiguous()).toList();
    }
}
