package dev.tenon.api.op;

import dev.tenon.api.TensorException;
import java.util.List;
import java.util.Locale;

/// The input with elements written along an axis: `out = input; out[i, index[i, j, k], k] = (or +=, max=, ...)
/// source[i,
/// j, k]` for axis 1. Operands: input, index (`I64` or `I32`), source (same dtype as the input, at least as long as the
/// index along each axis). Where several sources meet, `ADD` and the others combine them, for `SET` the last in
/// row-major
/// order wins. Results are deterministic.
///
/// @param axis the axis, counted from the first
/// @param mode how a written value combines with what is there
public record ScatterOp(int axis, Mode mode) implements Primitive {
    /// How a written value combines with what is there.
    public enum Mode {
        /// Replaces it.
        SET,
        /// Adds to it.
        ADD,
        /// Multiplies it.
        MUL,
        /// Keeps the larger one.
        MAX,
        /// Keeps the smaller one.
        MIN
    }

    @Override
    public String name() {
        return "scatter_" + mode.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.get(0);
        TensorType index = in.get(1);
        TensorType source = in.get(2);
        GatherOp.check(name(), axis, x, index);
        if (source.dtype() != x.dtype()) {
            throw new TensorException(name() + ": the source has dtype " + source.dtype() + ", the input " + x.dtype()
                    + ": convert one with to(DType)");
        }
        if (source.rank() != index.rank()) {
            throw new TensorException(name() + ": source " + source.shape() + " and index " + index.shape()
                    + " differ in their number of axes");
        }
        for (int i = 0; i < index.rank(); i++) {
            if (index.shape().dim(i) > source.shape().dim(i) && index.elements() > 0) {
                throw new TensorException(name() + ": index " + index.shape() + " is longer than the source "
                        + source.shape() + " along axis " + i);
            }
        }
        return List.of(TensorType.of(x.dtype(), x.shape()));
    }
}
