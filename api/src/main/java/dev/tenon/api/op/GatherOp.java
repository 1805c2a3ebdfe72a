package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.TensorException;
import java.util.List;

/// Picks elements along an axis: `out[i, j, k] = input[i, index[i, j, k], k]` for axis 1. Operands: input, index (`I64`
/// or `I32`, same rank, no longer than the input along the other axes; commonly with strides of 0, when whole rows are
/// picked). Indices lie in 0 to extent-1; backends that can, report others, the rest leave the result unspecified but
/// touch no foreign memory.
///
/// @param axis the axis, counted from the first
public record GatherOp(int axis) implements Primitive {
    @Override
    public String name() {
        return "gather";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.get(0);
        TensorType index = in.get(1);
        check(name(), axis, x, index);
        return List.of(TensorType.of(x.dtype(), index.shape()));
    }

    static void check(String op, int axis, TensorType x, TensorType index) {
        if (index.dtype() != DType.I64 && index.dtype() != DType.I32) {
            throw new TensorException(op + ": the index has dtype " + index.dtype() + ", expected i64 or i32");
        }
        if (x.rank() != index.rank() || axis < 0 || axis >= Math.max(1, x.rank())) {
            throw new TensorException(op + ": axis " + axis + " with input " + x.shape() + " and index " + index.shape()
                    + ": expected the same number of axes and an axis within");
        }
        for (int i = 0; i < x.rank(); i++) {
            if (i != axis && index.shape().dim(i) > x.shape().dim(i) && index.elements() > 0) {
                throw new TensorException(op + ": index " + index.shape() + " is longer than the input " + x.shape()
                        + " along axis " + i + "; only axis " + axis + " may differ");
            }
        }
    }
}
