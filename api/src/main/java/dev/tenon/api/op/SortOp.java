package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.TensorException;
import java.util.List;

/// Stable sort along an axis. Outputs: the values, and as `I64` the positions they came from. NaN counts as larger than
/// every number.
///
/// @param axis the axis, counted from the first
/// @param descending whether the largest comes first
public record SortOp(int axis, boolean descending) implements Primitive {
    @Override
    public String name() {
        return "sort";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        if (axis < 0 || axis >= x.rank()) {
            throw new TensorException("sort: axis " + axis + " is out of range for shape " + x.shape());
        }
        TensorType values = TensorType.of(x.dtype(), x.shape());
        return List.of(values, values.withDType(DType.I64));
    }
}
