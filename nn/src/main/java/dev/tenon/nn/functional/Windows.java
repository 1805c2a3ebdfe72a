package dev.tenon.nn.functional;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

/// What convolution and pooling have in common.
final class Windows {
    private Windows() {}

    /// One number for each spatial axis.
    static List<Integer> each(String op, String what, List<Integer> given, int axes) {
        if (given.size() == axes) {
            return given;
        }
        if (given.size() == 1) {
            return Collections.nCopies(axes, given.getFirst());
        }
        throw new TensorException(op + ": " + what + " " + given + " for " + axes
                + " spatial axes: expected one number, or one for each");
    }

    /// Applies a function of `[n, c, spatial...]` also to `[c, spatial...]`.
    static Tensor batched(String op, Tensor x, int axes, UnaryOperator<Tensor> body) {
        if (x.rank() == axes + 2) {
            return body.apply(x);
        }
        if (x.rank() == axes + 1) {
            return body.apply(x.unsqueeze(0)).squeeze(0);
        }
        throw new TensorException(op + ": input " + x.shape() + ": expected [n, c, " + axes
                + " spatial axes], or the same without n");
    }
}
