package dev.tenon.api;

import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.Softmax;

/// The nonlinearities of neural networks.
public sealed interface ActivationOps permits Tensor {

    /// max(x, 0); its derivative at 0 is 0.
    default Tensor relu() {
        return ActivationFormulas.RELU.apply((Tensor) this);
    }

    /// [#relu()] in place.
    default Tensor relu_() {
        return ActivationFormulas.RELU.applyInPlace((Tensor) this);
    }

    /// min(max(x, 0), 6).
    default Tensor relu6() {
        return ActivationFormulas.RELU6.apply((Tensor) this);
    }

    /// x where positive, elsewhere `slope` times x.
    default Tensor leakyRelu(double slope) {
        return ActivationFormulas.LEAKY_RELU.apply((Tensor) this, new double[] {slope});
    }

    /// x where positive, elsewhere `alpha` (e^x - 1).
    default Tensor elu(double alpha) {
        return ActivationFormulas.ELU.apply((Tensor) this, new double[] {alpha});
    }

    /// The self-normalising exponential unit (Klambauer et al., 2017).
    default Tensor selu() {
        return ActivationFormulas.SELU.apply((Tensor) this);
    }

    /// x Φ(x) with the normal distribution function Φ (Hendrycks and Gimpel, 2016), by the error function.
    default Tensor gelu() {
        return ActivationFormulas.GELU.apply((Tensor) this);
    }

    /// The approximation of [#gelu()] by a hyperbolic tangent.
    default Tensor geluTanh() {
        return ActivationFormulas.GELU_TANH.apply((Tensor) this);
    }

    /// x sigmoid(x), also called swish.
    default Tensor silu() {
        return ActivationFormulas.SILU.apply((Tensor) this);
    }

    /// x tanh(softplus(x)) (Misra, 2019).
    default Tensor mish() {
        return ActivationFormulas.MISH.apply((Tensor) this);
    }

    /// The logistic function 1 / (1 + e^-x).
    default Tensor sigmoid() {
        return ActivationFormulas.SIGMOID.apply((Tensor) this);
    }

    /// log(sigmoid(x)), without overflow.
    default Tensor logSigmoid() {
        return ActivationFormulas.LOG_SIGMOID.apply((Tensor) this);
    }

    /// log(1 + e^x), without overflow.
    default Tensor softplus() {
        return ActivationFormulas.SOFTPLUS.apply((Tensor) this);
    }

    /// x / (1 + |x|).
    default Tensor softsign() {
        return ActivationFormulas.SOFTSIGN.apply((Tensor) this);
    }

    /// relu6(x + 3) / 6.
    default Tensor hardsigmoid() {
        return ActivationFormulas.HARDSIGMOID.apply((Tensor) this);
    }

    /// x relu6(x + 3) / 6.
    default Tensor hardswish() {
        return ActivationFormulas.HARDSWISH.apply((Tensor) this);
    }

    /// x limited to [-1, 1].
    default Tensor hardtanh() {
        return ((Tensor) this).clamp(-1, 1);
    }

    /// e^x divided by the sum of e^x along an axis.
    default Tensor softmax(int axis) {
        Tensor self = (Tensor) this;
        Reductions.requireFloating("softmax", self);
        int a = self.shape().axis(axis);
        return self.rank() == 0
                ? Dispatcher.run(new Softmax(0), self.reshape(1)).reshape(Shape.SCALAR)
                : Dispatcher.run(new Softmax(a), self);
    }

    /// The logarithm of [#softmax(int)], without overflow or cancellation.
    default Tensor logSoftmax(int axis) {
        Tensor self = (Tensor) this;
        Reductions.requireFloating("log_softmax", self);
        int a = self.shape().axis(axis);
        return self.rank() == 0
                ? Dispatcher.run(new LogSoftmax(0), self.reshape(1)).reshape(Shape.SCALAR)
                : Dispatcher.run(new LogSoftmax(a), self);
    }
}
