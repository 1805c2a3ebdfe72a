package dev.tenon.nn.loss;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.precision.Autocast;
import java.util.List;

/// A loss of an input against a target.
public abstract class Loss extends Module {
    private final Reduction reduction;
    private boolean single;

    /// A loss with the given reduction.
    protected Loss(Reduction reduction) {
        this.reduction = reduction;
    }

    /// What becomes of the losses of the single elements.
    public final Reduction reduction() {
        return single ? Reduction.NONE : reduction;
    }

    /// The losses of the single elements, as if the loss had been made with [Reduction#NONE]: to be weighted one by
    /// one.
    public final Tensor elements(Tensor input, Tensor target) {
        single = true;
        try {
            return call(input, target);
        } finally {
            single = false;
        }
    }

    /// Runs the hooks and [#forward(Tensor, Tensor)]; under [Autocast] in 32 bits.
    public final Tensor call(Tensor input, Tensor target) {
        return callHooked(List.of(Autocast.full(input), Autocast.full(target)),
                in -> List.of(forward(in.get(0), in.get(1)))).getFirst();
    }

    /// Computes the loss.
    public abstract Tensor forward(Tensor input, Tensor target);

    @Override
    protected String settings() {
        return "reduction=" + reduction;
    }
}
