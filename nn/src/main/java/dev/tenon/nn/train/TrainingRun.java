package dev.tenon.nn.train;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.optim.ExponentialMovingAverage;
import dev.tenon.nn.optim.Optimizer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How training goes, for callbacks.
public final class TrainingRun {
    private final Fit fit;
    private @Nullable String reason;

    TrainingRun(Fit fit) {
        this.fit = fit;
    }

    /// The model. In `onEpochEnd` it is in evaluation mode if there was a validation.
    public Module model() {
        return fit.model();
    }

    /// The optimiser.
    public Optimizer optimizer() {
        return fit.optimizer();
    }

    /// The running means of the weights, where they are kept.
    public Optional<ExponentialMovingAverage> average() {
        return fit.average();
    }

    /// The number of the present epoch, from 1; in `onEpochEnd`, of the one that ends. Outside of epochs, how many are
    /// done.
    public int epoch() {
        return fit.epoch();
    }

    /// The number of the last epoch.
    public int epochs() {
        return fit.epochs();
    }

    /// How many batches of the present epoch are done.
    public long batch() {
        return fit.batch();
    }

    /// How many batches an epoch has.
    public long batches() {
        return fit.batches();
    }

    /// How many samples of the present epoch are done.
    public long samples() {
        return fit.samples();
    }

    /// How many samples an epoch has.
    public long samplesPerEpoch() {
        return fit.samplesPerEpoch();
    }

    /// How many steps the optimiser has made, over all epochs.
    public long step() {
        return fit.step();
    }

    /// How many steps the optimiser makes in an epoch.
    public long stepsPerEpoch() {
        return fit.stepsPerEpoch();
    }

    /// How long the present epoch has been trained for, in seconds.
    public double seconds() {
        return fit.seconds();
    }

    /// The learning rate of the first group of parameters.
    public double lr() {
        return optimizer().groups().getFirst().lr();
    }

    /// The loss and the metrics of the present epoch so far. Waits for the device.
    public Map<String, Double> current() {
        return fit.current();
    }

    /// The epochs that are done, the one that ends included.
    public History history() {
        return fit.history();
    }

    /// Ends training after the present step, or, in `onEpochEnd`, after the present epoch.
    public void stop(String why) {
        if (reason == null) {
            reason = why;
        }
    }

    /// Why training was stopped before its last epoch; empty if it was not.
    public Optional<String> stopped() {
        return Optional.ofNullable(reason);
    }

    /// Puts the weights that count in the place of the model's until closed: the running means, where they are kept.
    public Context.Mode averages() {
        ExponentialMovingAverage a = average().orElse(null);
        return a == null || fit.averaged() ? () -> { } : a.apply();
    }

    /// Copies of the parameters and buffers that count, in no scope; see [#averages()].
    public Map<String, Tensor> copyOfWeights() {
        Map<String, Tensor> out = new LinkedHashMap<>();
        try (Context.Mode _ = averages(); Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.noGrad()) {
            model().stateDict().forEach((name, t) -> {
                out.put(name, t.clone());
                t.close();
            });
        }
        return out;
    }
}
