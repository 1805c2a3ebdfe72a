package dev.tenon.api.op;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.List;

/// A copy of the first operand in which the part that a view would show is replaced by the second operand.
///
/// @param view a view that reaches each element at most once
public record ViewScatter(ViewOp view) implements Composite {
    /// Checks the view.
    public ViewScatter {
        if (!view.isInjective()) {
            throw new TensorException("view_scatter: " + view + " shows elements more than once");
        }
    }

    @Override
    public String name() {
        return view.name() + "_scatter";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType base = in.get(0);
        TensorType source = in.get(1);
        TensorType part = view.place(TensorType.of(base.dtype(), base.shape())).type();
        if (!part.shape().equals(source.shape()) || part.dtype() != source.dtype()) {
            throw new TensorException(name() + ": the part " + part.dtype() + part.shape() + " of " + base
                    + " cannot be replaced by " + source);
        }
        return List.of(TensorType.of(base.dtype(), base.shape()));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor out = in.get(0).clone();
        if (in.get(1).elements() > 0) {
            try (Tensor part = Dispatcher.run(view, out)) {
                Dispatcher.applyInto(CopyOp.SAME, List.of(in.get(1)), List.of(part));
            }
        }
        return List.of(out);
    }
}
