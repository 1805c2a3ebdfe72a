package dev.tenon.nn.optim;

import dev.tenon.api.TensorException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// The settings of an optimiser by name, such as `lr` and `momentum`; switches are 0 or 1. Immutable.
///
/// @param <O> the settings of one kind of optimiser
public abstract class Hyperparameters<O extends Hyperparameters<O>> {
    private final Map<String, Double> values;

    /// Settings with these values.
    protected Hyperparameters(Map<String, Double> values) {
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /// The settings by name.
    public final Map<String, Double> values() {
        return values;
    }

    /// The same kind of settings with other values.
    protected abstract O copy(Map<String, Double> newValues);

    /// The settings with another value under a name.
    protected final O with(String name, double value) {
        Map<String, Double> m = new LinkedHashMap<>(values);
        m.put(name, value);
        return copy(m);
    }

    /// The settings with a switch on or off.
    protected final O with(String name, boolean on) {
        return with(name, on ? 1 : 0);
    }

    /// The settings with another value under a name, which must lie in [low, high].
    ///
    /// @throws TensorException if it does not
    protected final O with(String name, double value, double low, double high) {
        return with(name, checked(name, value, low, high));
    }

    /// The value, which must lie in [low, high].
    ///
    /// @throws TensorException if it does not
    protected static double checked(String name, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw new TensorException("optimizer: " + name + " = " + value + ": expected " + low + " to " + high);
        }
        return value;
    }

    /// The settings with another learning rate, at least 0.
    public final O lr(double v) {
        return with("lr", v, 0, Double.MAX_VALUE);
    }

    /// The settings with another weight decay, at least 0.
    public final O weightDecay(double v) {
        return with("weightDecay", v, 0, Double.MAX_VALUE);
    }

    /// The settings with maximisation in place of minimisation.
    public final O maximize(boolean on) {
        return with("maximize", on);
    }

    @Override
    public String toString() {
        return getClass().getEnclosingClass() == null ? values.toString()
                : getClass().getEnclosingClass().getSimpleName() + values;
    }
}
