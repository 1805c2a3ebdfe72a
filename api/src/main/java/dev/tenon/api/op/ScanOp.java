package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.TensorException;
import java.util.List;
import java.util.Locale;

/// Running combination along an axis: cumulative sum, product, maximum, minimum. `MAX` and `MIN` have a second output,
/// the position (`I64`) at which the running value was last reached, as PyTorch's `cummax` gives it. NaN, once met,
/// stays.
///
/// @param reducer `SUM`, `PROD`, `MAX` or `MIN`
/// @param axis the axis, counted from the first
public record ScanOp(Reducer reducer, int axis) implements Primitive {
    /// Checks the reducer.
    public ScanOp {
        if (reducer.ordinal() > Reducer.MIN.ordinal()) {
            throw new IllegalArgumentException("no scan with reducer " + reducer);
        }
    }

    @Override
    public String name() {
        return "cum" + reducer.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        if (axis < 0 || axis >= x.rank()) {
            throw new TensorException(name() + ": axis " + axis + " is out of range for shape " + x.shape());
        }
        TensorType values = TensorType.of(x.dtype(), x.shape());
        boolean withPositions = reducer == Reducer.MAX || reducer == Reducer.MIN;
        return withPositions ? List.of(values, values.withDType(DType.I64)) : List.of(values);
    }
}
