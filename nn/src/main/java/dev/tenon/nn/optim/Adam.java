package dev.tenon.nn.optim;

import dev.tenon.nn.Parameter;
import java.util.List;

/// Adaptive moments:
///
/// ```text
/// g = gradient + weightDecay p
/// m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g²
/// p = p - lr / (1 - beta1^t) m / (√v / √(1 - beta2^t) + epsilon)
/// ```
///
/// Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
public final class Adam extends AdamBase {
    /// Settings: betas 0.9 and 0.999, epsilon 1e-8, no weight decay.
    public static AdamOptions options(double lr) {
        return AdamOptions.of(lr, 0);
    }

    /// With the usual settings and a learning rate of 0.001.
    public Adam(List<Parameter> parameters) {
        this(parameters, options(1e-3));
    }

    /// With the usual settings.
    public Adam(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public Adam(List<Parameter> parameters, AdamOptions options) {
        super(parameters, options, false);
    }
}
