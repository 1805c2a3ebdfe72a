package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.Module;

/// The softmax over the channels at each place of `[n, c, height, width]`, with or without n.
public final class Softmax2d extends Module {
    /// The activation.
    public Softmax2d() {}

    @Override
    public Tensor forward(Tensor x) {
        if (x.rank() != 3 && x.rank() != 4) {
            throw new TensorException("Softmax2d: input " + x.shape() + ": expected [n, c, height, width], with or"
                    + " without n");
        }
        return x.softmax(-3);
    }
}
