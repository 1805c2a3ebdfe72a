package dev.tenon.api.op;

import dev.tenon.api.Shape;
import dev.tenon.api.TensorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A reduction over axes of a mapped value: the operands broadcast to a common shape, the prologue gives a value
/// for each
/// of its elements, and these are combined along the axes, which stay with extent 1 where `keepDims`.
///
/// `SUM` and `PROD` accumulate `F16` and `BF16` in 32 bits and round once. The order of summation is the backend's,
/// fixed
/// for a device and thread count.
///
/// @param reducer how values are combined
/// @param axes the axes, ascending, without repetition; all of them reduce to a scalar. `ARGMAX` and `ARGMIN` take one
/// @param keepDims whether reduced axes stay with extent 1
/// @param prologue the value that is reduced; one output; its dtype decides that of the result
/// @param scalars the numbers for the prologue's parameters
public record ReduceOp(Reducer reducer, List<Integer> axes, boolean keepDims, Lambda prologue, Scalars scalars)
        implements Primitive {

    /// Checks the prologue and copies the axes.
    public ReduceOp {
        axes = List.copyOf(axes);
        if (prologue.outputs().size() != 1) {
            throw new IllegalArgumentException("the prologue of a reduction has one output");
        }
        if (prologue.params() > scalars.size()) {
            throw new IllegalArgumentException(
                    "reduce: " + prologue.params() + " parameters but " + scalars.size() + " numbers");
        }
    }

    @Override
    public String name() {
        return reducer.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Shape s = in.getFirst().shape();
        for (TensorType t : in) {
            s = Shape.broadcast(name(), s, t.shape());
        }
        if (reducer.isArg() && axes.size() != 1) {
            throw new TensorException(name() + ": takes one axis, got " + axes + " of shape " + s);
        }
        List<Long> kept = new ArrayList<>();
        for (int i = 0; i < s.rank(); i++) {
            if (!axes.contains(i)) {
                kept.add(s.dim(i));
            } else {
                if (s.dim(i) == 0 && !reducer.hasIdentity() && elementsOfResult(s) > 0) {
                    throw new TensorException(name() + ": axis " + i + " of shape " + s
                            + " is empty and the " + name() + " of nothing is undefined: give an axis with elements");
                }
                if (keepDims) {
                    kept.add(1L);
                }
            }
        }
        Shape out = Shape.of(kept.stream().mapToLong(Long::longValue).toArray());
        return List.of(TensorType.of(reducer.result(prologue.dtype()), out));
    }

    private long elementsOfResult(Shape s) {
        long n = 1;
        for (int i = 0; i < s.rank(); i++) {
            n *= axes.contains(i) ? 1 : s.dim(i);
        }
        return n;
    }

    @Override
    public ReduceOp withScalars(Scalars numbers) {
        return new ReduceOp(reducer, axes, keepDims, prologue, numbers);
    }

    @Override
    public Op kernelKey() {
        return scalars.size() == 0 ? this : new ReduceOp(reducer, axes, keepDims, prologue,
                Scalars.zeros(prologue.params()));
    }
}
