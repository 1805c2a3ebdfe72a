package dev.tenon.nn.activation;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;

/// log(sigmoid(x)), without overflow.
public final class LogSigmoid extends Module {
    /// The activation.
    public LogSigmoid() {}

    @Override
    public Tensor forward(Tensor x) {
        return x.logSigmoid();
    }
}
