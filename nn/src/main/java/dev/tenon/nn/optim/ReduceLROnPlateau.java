package dev.tenon.nn.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Multiplies the learning rates by a factor when a metric, such as the loss on unseen data, has not improved for more
/// than `patience` calls of [#step(double)].
public final class ReduceLROnPlateau implements Stateful {
    /// When to act.
    ///
    /// @param maximize whether larger metrics are better
    /// @param factor what learning rates are multiplied by, below 1
    /// @param patience how many calls without an improvement are let pass
    /// @param threshold how much better a metric must be to count
    /// @param relative whether the threshold is a part of the best metric rather than a difference
    /// @param cooldown for how many calls after an act nothing is counted
    /// @param minLr the lowest learning rate
    /// @param epsilon learning rates that would change by no more stay
    public record Options(boolean maximize, double factor, long patience, double threshold, boolean relative,
            long cooldown, double minLr, double epsilon) {
        /// Smaller metrics are better; a tenth after 10 calls without an improvement of one in ten thousand.
        public static final Options DEFAULT = new Options(false, 0.1, 10, 1e-4, true, 0, 0, 1e-8);

        /// Checks the numbers.
        ///
        /// @throws IllegalArgumentException if the factor is not below 1
        public Options {
            if (!(factor >= 0 && factor < 1)) {
                throw new IllegalArgumentException("ReduceLROnPlateau: factor " + factor + ": expected 0 to below 1");
            }
        }

        /// With another factor and patience.
        public Options with(double newFactor, long newPatience) {
            return new Options(maximize, newFactor, newPatience, threshold, relative, cooldown, minLr, epsilon);
        }
    }

    private final Optimizer optimizer;
    private final Options options;
    private double best;
    private long bad;
    private long cooling;
    private long steps;

    /// With [Options#DEFAULT].
    public ReduceLROnPlateau(Optimizer optimizer) {
        this(optimizer, Options.DEFAULT);
    }

    /// Acts on the learning rates of all groups of an optimiser.
    public ReduceLROnPlateau(Optimizer optimizer, Options options) {
        this.optimizer = optimizer;
        this.options = options;
        this.best = options.maximize ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    /// Takes the next metric; NaN is no improvement.
    public void step(double metric) {
        steps++;
        if (isBetter(metric)) {
            best = metric;
            bad = 0;
        } else {
            bad++;
        }
        if (cooling > 0) {
            cooling--;
            bad = 0;
        }
        if (bad > options.patience) {
            for (ParameterGroup g : optimizer.groups()) {
                double reduced = Math.max(g.lr() * options.factor, options.minLr);
                if (g.lr() - reduced > options.epsilon) {
                    g.setLr(reduced);
                }
            }
            cooling = options.cooldown;
            bad = 0;
        }
    }

    private boolean isBetter(double metric) {
        double sign = options.maximize ? 1 : -1;
        double margin = options.relative ? best * (1 + sign * options.threshold) : best + sign * options.threshold;
        return options.maximize ? metric > margin : metric < margin;
    }

    /// The best metric so far; infinite before the first.
    public double best() {
        return best;
    }

    /// The present learning rate of each group.
    public List<Double> lastLr() {
        return optimizer.groups().stream().map(ParameterGroup::lr).toList();
    }

    /// The state: the best metric and the counts. Learning rates belong to the optimiser's state.
    @Override
    public Map<String, Double> stateDict() {
        Map<String, Double> out = new LinkedHashMap<>();
        out.put("best", best);
        out.put("bad", (double) bad);
        out.put("cooling", (double) cooling);
        out.put("steps", (double) steps);
        return out;
    }

    @Override
    public void loadStateDict(Map<String, Double> state) {
        Double newBest = state.get("best");
        Double newBad = state.get("bad");
        Double newCooling = state.get("cooling");
        Double newSteps = state.get("steps");
        if (newBest == null || newBad == null || newCooling == null || newSteps == null) {
            throw new IllegalArgumentException("ReduceLROnPlateau: the state has " + state.keySet() + ", expected "
                    + stateDict().keySet());
        }
        best = newBest;
        bad = newBad.longValue();
        cooling = newCooling.longValue();
        steps = newSteps.longValue();
    }
}
