package dev.tenon.nn.optim;

import dev.tenon.nn.Parameter;
import java.util.List;

/// [Adam] with weight decay apart from the gradient: p is multiplied by 1 - lr weightDecay before each step.
///
/// Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
public final class AdamW extends AdamBase {
    /// Settings: betas 0.9 and 0.999, epsilon 1e-8, weight decay 0.01.
    public static AdamOptions options(double lr) {
        return AdamOptions.of(lr, 1e-2);
    }

    /// With the usual settings and a learning rate of 0.001.
    public AdamW(List<Parameter> parameters) {
        this(parameters, options(1e-3));
    }

    /// With the usual settings.
    public AdamW(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public AdamW(List<Parameter> parameters, AdamOptions options) {
        super(parameters, options, true);
    }
}
