package dev.tenon.nn.optim;

import java.util.Map;

/// The settings of [Adam] and [AdamW].
public final class AdamOptions extends Hyperparameters<AdamOptions> {
    private AdamOptions(Map<String, Double> values) {
        super(values);
    }

    static AdamOptions of(double lr, double weightDecay) {
        return new AdamOptions(Map.of("beta1", 0.9, "beta2", 0.999, "epsilon", 1e-8, "amsgrad", 0.0, "maximize", 0.0))
                .lr(lr).weightDecay(weightDecay);
    }

    @Override
    protected AdamOptions copy(Map<String, Double> values) {
        return new AdamOptions(values);
    }

    /// With other decay rates of the running means of the gradient and its square.
    public AdamOptions betas(double beta1, double beta2) {
        return with("beta1", beta1, 0, Math.nextDown(1.0)).with("beta2", beta2, 0, Math.nextDown(1.0));
    }

    /// With another number added to the denominator.
    public AdamOptions epsilon(double v) {
        return with("epsilon", v, 0, Double.MAX_VALUE);
    }

    /// With the largest running mean of squares so far in the denominator (Reddi et al., 2018).
    public AdamOptions amsgrad(boolean on) {
        return with("amsgrad", on);
    }
}
