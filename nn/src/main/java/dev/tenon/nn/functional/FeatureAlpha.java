package dev.tenon.nn.functional;

import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;

/// Alpha dropout of whole channels.
public final class FeatureAlpha {
    /// The value that SELU tends to at minus infinity, -scale * alpha.
    private static final double LOW = -1.7580993408473766;

    private FeatureAlpha() {}

    /// As [Dropouts#alphaDropout], for each channel of each sample of `[n, c, ...]` as a whole.
    ///
    /// @param training whether anything is dropped at all
    /// @throws TensorException if p is not within 0 to 1, the dtype is not floating-point, or there are fewer than two
    ///     axes
    public static Tensor dropout(Tensor x, double p, boolean training, Generator generator) {
        if (!training || p == 0) {
            return x;
        }
        if (!(p > 0 && p <= 1) || !x.dtype().isFloating() || x.rank() < 2) {
            throw new TensorException("feature_alpha_dropout: input " + x.type() + ", p " + p
                    + ": expected floating-point [n, c, ...] and 0 to 1");
        }
        if (p == 1) {
            return Tensors.zerosLike(x);
        }
        double a = 1 / Math.sqrt((1 - p) * (1 + p * LOW * LOW));
        Shape channels = Shape.of(x.shape().stream().map(_ -> 1).toArray()).with(0, x.size(0)).with(1, x.size(1));
        Tensor keep = Tensors.bernoulli(channels, 1 - p, x.device(), generator);
        return x.where(keep, Tensors.number(LOW, x)).mul(a).add(-a * p * LOW);
    }
}
