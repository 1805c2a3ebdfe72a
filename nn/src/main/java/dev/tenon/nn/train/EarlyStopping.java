package dev.tenon.nn.train;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Checkpoint;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Stops training when a value has not become better for some epochs.
///
/// ```java
/// new EarlyStopping("val_loss").patience(5).restoreBest(true)
/// ```
///
/// Without a validation in every epoch, epochs without one do not count. NaN is no improvement.
public final class EarlyStopping implements Callback, Checkpoint.Part {
    private final Monitor monitor;
    private int patience;
    private double minDelta;
    private boolean restoreBest;

    private final Map<String, Tensor> bestWeights = new LinkedHashMap<>();
    private double best;
    private int bestEpoch;
    private int waited;

    /// Watches a value: losses, errors and perplexity are better when smaller, all else when larger. Stops at the first
    /// epoch that is no improvement.
    public EarlyStopping(String monitor) {
        this(Monitor.of(monitor));
    }

    /// @param maximize whether larger is better
    public EarlyStopping(String monitor, boolean maximize) {
        this(new Monitor(monitor, maximize));
    }

    private EarlyStopping(Monitor monitor) {
        this.monitor = monitor;
        this.best = monitor.worst();
    }

    /// How many epochs without an improvement are let pass.
    ///
    /// @return this
    /// @throws IllegalArgumentException if it is negative
    public EarlyStopping patience(int epochs) {
        if (epochs < 0) {
            throw new IllegalArgumentException("early stopping: patience " + epochs + ": expected at least 0");
        }
        patience = epochs;
        return this;
    }

    /// By how much a value must be better to count.
    ///
    /// @return this
    /// @throws IllegalArgumentException if it is negative
    public EarlyStopping minDelta(double delta) {
        if (!(delta >= 0)) {
            throw new IllegalArgumentException("early stopping: minDelta " + delta + ": expected at least 0");
        }
        minDelta = delta;
        return this;
    }

    /// Whether the model has the weights of the best epoch when training ends, for whatever reason.
    ///
    /// @return this
    public EarlyStopping restoreBest(boolean restore) {
        restoreBest = restore;
        return this;
    }

    /// The best value so far.
    public double best() {
        return best;
    }

    /// The epoch of the best value, from 1; 0 if there was none.
    public int bestEpoch() {
        return bestEpoch;
    }

    @Override
    public void onEpochEnd(TrainingRun run, Map<String, Double> values) {
        Optional<Double> value = monitor.in(values);
        if (value.isEmpty()) {
            return;
        }
        if (monitor.isBetter(value.get(), best, minDelta)) {
            best = value.get();
            bestEpoch = run.epoch();
            waited = 0;
            if (restoreBest) {
                forget();
                bestWeights.putAll(run.copyOfWeights());
            }
            return;
        }
        waited++;
        if (waited > patience) {
            run.stop(monitor.name() + " has not become better than the " + best + " of epoch " + bestEpoch + " for "
                    + waited + (waited == 1 ? " epoch" : " epochs"));
        }
    }

    @Override
    public void onTrainEnd(TrainingRun run) {
        if (!bestWeights.isEmpty()) {
            run.model().loadStateDict(bestWeights);
        }
    }

    private void forget() {
        bestWeights.values().forEach(Tensor::close);
        bestWeights.clear();
    }

    @Override
    public void save(Map<String, Tensor> tensors, Map<String, String> text) {
        text.put("best", Double.toString(best));
        text.put("bestEpoch", Integer.toString(bestEpoch));
        text.put("waited", Integer.toString(waited));
        bestWeights.forEach((name, t) -> tensors.put(name, t.alias()));
    }

    @Override
    public void load(Map<String, Tensor> tensors, Map<String, String> text) {
        best = Double.parseDouble(History.word(text, "best"));
        bestEpoch = Integer.parseInt(History.word(text, "bestEpoch"));
        waited = Integer.parseInt(History.word(text, "waited"));
        forget();
        try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.noGrad()) {
            tensors.forEach((name, t) -> bestWeights.put(name, t.clone()));
        }
    }
}
