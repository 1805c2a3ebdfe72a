package dev.tenon.graph;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import java.util.List;

/// Views of tensors that are laid out in another way than their values in the graph.
final class Views {
    private Views() {}

    /// The operands of an op, copied where a reshape cannot be a view of them: a decomposition may leave its result in
    /// another layout than the op itself promises.
    static List<Tensor> viewable(Op op, List<Tensor> in) {
        return op instanceof ViewOp.Reshape r && r.strides(in.getFirst().type()).isEmpty()
                ? List.of(in.getFirst().clone()) : in;
    }

    /// The tensor itself, or a copy of it, with exactly the strides of a type of its dtype and shape.
    static Tensor laidOut(Tensor t, TensorType as) {
        if (t.type().equals(as)) {
            return t;
        }
        if (as.isContiguous()) {
            return t.contiguous();
        }
        long span = as.maxOffset() - as.minOffset() + 1;
        Tensor source = t;
        TensorType written = as;
        for (int a = 0; a < as.rank(); a++) {
            // Along an axis without a stride all elements are one.
            if (as.stride(a) == 0 && as.shape().dim(a) > 1) {
                source = source.narrow(a, 0, 1);
                written = TensorType.of(as.dtype(), written.shape().with(a, 1), as.strides());
            }
        }
        try (Tensor memory = Tensors.empty(Shape.of(span), as.dtype(), t.device())) {
            long start = -as.minOffset() * as.dtype().bytes();
            try (Tensor target = memory.inMemory(start, written)) {
                Dispatcher.applyInto(CopyOp.SAME, List.of(source), List.of(target));
            }
            return memory.inMemory(start, as);
        }
    }
}
