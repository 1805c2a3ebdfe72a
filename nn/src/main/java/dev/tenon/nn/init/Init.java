package dev.tenon.nn.init;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;

/// Fills tensors with initial values, in place and without tracking gradients. Each gives back the tensor it filled.
///
/// A weight is `[out, in, kernel...]`: its fan-in is the number of values that an output is computed from, its fan-out
/// the number of outputs that a value is used in.
public final class Init {
    /// Which of the two the variance is kept for: activations (fan-in) or gradients (fan-out).
    public enum FanMode {
        FAN_IN,
        FAN_OUT
    }

    private Init() {}

    /// How many values feed an output, and how many outputs a value feeds.
    public record Fans(long in, long out) {}

    /// The fans of a weight.
    ///
    /// @throws TensorException if it has fewer than two axes
    public static Fans fans(Shape weight) {
        if (weight.rank() < 2) {
            throw new TensorException("init: shape " + weight + " has no fan-in and fan-out: expected [out, in, ...]");
        }
        long field = weight.slice(2, weight.rank()).elements();
        return new Fans(weight.dim(1) * field, weight.dim(0) * field);
    }

    private static final ThreadLocal<Boolean> SKIPS = ThreadLocal.withInitial(() -> false);

    /// Until closed, what this thread fills with random numbers stays as it is, whatever is in its memory: for modules
    /// that get their values from a file right after being built, for which random numbers are lost time.
    public static Context.Mode skippingRandom() {
        boolean before = SKIPS.get();
        SKIPS.set(true);
        return () -> SKIPS.set(before);
    }

    private static Tensor put(Tensor t, Tensor values) {
        return t.copy_(values);
    }

    /// One number.
    public static Tensor constant(Tensor t, double value) {
        try (Context.Mode _ = Context.noGrad()) {
            return t.fill_(value);
        }
    }

    /// Zeros.
    public static Tensor zeros(Tensor t) {
        return constant(t, 0);
    }

    /// Ones.
    public static Tensor ones(Tensor t) {
        return constant(t, 1);
    }

    /// Uniform in [low, high).
    public static Tensor uniform(Tensor t, double low, double high) {
        return uniform(t, low, high, Generator.getDefault());
    }

    /// Uniform in [low, high).
    public static Tensor uniform(Tensor t, double low, double high, Generator g) {
        if (SKIPS.get()) {
            return t;
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            return put(t, Tensors.uniform(t.shape(), low, high, t.dtype(), t.device(), g));
        }
    }

    /// Normal with the given mean and standard deviation.
    public static Tensor normal(Tensor t, double mean, double deviation) {
        return normal(t, mean, deviation, Generator.getDefault());
    }

    /// Normal with the given mean and standard deviation.
    public static Tensor normal(Tensor t, double mean, double deviation, Generator g) {
        if (SKIPS.get()) {
            return t;
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            return put(t, Tensors.normal(t.shape(), mean, deviation, t.dtype(), t.device(), g));
        }
    }

    /// Normal, cut off outside [low, high]: uniform numbers through the inverse of the distribution function.
    public static Tensor truncNormal(Tensor t, double mean, double deviation, double low, double high, Generator g) {
        if (!(low < high) || !(deviation > 0)) {
            throw new TensorException("truncNormal: deviation " + deviation + ", limits " + low + " and " + high
                    + ": expected a deviation above 0 and limits in order");
        }
        if (SKIPS.get()) {
            return t;
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            double from = erf((low - mean) / (deviation * Math.sqrt(2)));
            double to = erf((high - mean) / (deviation * Math.sqrt(2)));
            Tensor u = Tensors.uniform(t.shape(), from, to, t.dtype(), t.device(), g);
            return put(t, u.erfinv().mul(deviation * Math.sqrt(2)).add(mean).clamp(low, high));
        }
    }

    private static double erf(double x) {
        return Double.isInfinite(x) ? Math.signum(x)
                : Tensors.full(Shape.SCALAR, x, DType.F64, Device.getDefault()).erf().item();
    }

    /// Glorot and Bengio's uniform distribution (2010), which keeps the variance forward and backward:
    /// ± gain √(6 / (fan-in + fan-out)).
    public static Tensor xavierUniform(Tensor t, double gain) {
        Fans f = fans(t.shape());
        double limit = gain * Math.sqrt(6.0 / (f.in + f.out));
        return uniform(t, -limit, limit);
    }

    /// Glorot and Bengio's normal distribution (2010): deviation gain √(2 / (fan-in + fan-out)).
    public static Tensor xavierNormal(Tensor t, double gain) {
        Fans f = fans(t.shape());
        return normal(t, 0, gain * Math.sqrt(2.0 / (f.in + f.out)));
    }

    /// He et al.'s uniform distribution (2015): ± gain √(3 / fan).
    public static Tensor kaimingUniform(Tensor t, FanMode mode, double gain) {
        double limit = gain * Math.sqrt(3.0 / fan(t, mode));
        return uniform(t, -limit, limit);
    }

    /// He et al.'s normal distribution (2015): deviation gain / √fan.
    public static Tensor kaimingNormal(Tensor t, FanMode mode, double gain) {
        return normal(t, 0, gain / Math.sqrt(fan(t, mode)));
    }

    private static double fan(Tensor t, FanMode mode) {
        Fans f = fans(t.shape());
        // A tensor without elements is filled whatever the limit is.
        return Math.max(1, mode == FanMode.FAN_IN ? f.in : f.out);
    }

    /// How linear layers and convolutions start in PyTorch: [#kaimingUniform] with leaky ReLU's gain at slope √5, which
    /// is ± 1 / √fan-in.
    public static Tensor defaultWeight(Tensor t) {
        return kaimingUniform(t, FanMode.FAN_IN, Gain.leakyRelu(Math.sqrt(5)));
    }

    /// How the biases that go with such a weight start: uniform within ± 1 / √fan-in.
    public static Tensor defaultBias(Tensor bias, Shape weight) {
        long in = fans(weight).in;
        double limit = in > 0 ? 1 / Math.sqrt(in) : 0;
        return uniform(bias, -limit, limit);
    }

    /// The identity matrix; a weight of more inputs than outputs, or the reverse, keeps what fits.
    public static Tensor eye(Tensor t) {
        if (t.rank() != 2) {
            throw new TensorException("init: eye takes a matrix, got " + t.shape());
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            return put(t, Tensors.eye(t.size(0), t.size(1), t.dtype(), t.device()));
        }
    }

    /// A random matrix with orthogonal rows (or columns, if there are fewer of them), times a gain; further axes count
    /// with the columns (Saxe, McClelland and Ganguli, 2014).
    public static Tensor orthogonal(Tensor t, double gain, Generator g) {
        if (t.rank() < 2) {
            throw new TensorException("init: orthogonal takes [out, in, ...], got " + t.shape());
        }
        if (SKIPS.get()) {
            return t;
        }
        int rows = (int) t.size(0);
        int columns = (int) (rows == 0 ? 0 : t.elements() / rows);
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            double[] values = Orthogonal.random(rows, columns, g);
            for (int i = 0; i < values.length; i++) {
                values[i] *= gain;
            }
            return put(t, Tensors.of(values, t.shape(), t.device()));
        }
    }
}
