package dev.tenon.nn.train;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A value by which epochs are compared.
///
/// @param name of the value, such as `val_loss`
/// @param maximize whether larger is better
record Monitor(String name, boolean maximize) {
    private static final Set<String> SMALLER_IS_BETTER = Set.of("loss", "mae", "mse", "rmse", "perplexity");

    /// Losses, errors and perplexity are better when smaller, all else when larger.
    static Monitor of(String name) {
        String plain = name.startsWith("val_") ? name.substring(4) : name;
        return new Monitor(name, !SMALLER_IS_BETTER.contains(plain));
    }

    /// The value of this epoch; empty if it is one of validation and this epoch had none.
    ///
    /// @throws IllegalArgumentException if there is no such value
    Optional<Double> in(Map<String, Double> values) {
        Double v = values.get(name);
        if (v == null && name.startsWith("val_") && values.keySet().stream().noneMatch(k -> k.startsWith("val_"))) {
            return Optional.empty();
        }
        if (v == null) {
            throw new IllegalArgumentException("there is no \"" + name + "\" to watch; an epoch has "
                    + values.keySet());
        }
        return Optional.of(v);
    }

    double worst() {
        return maximize ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    boolean isBetter(double value, double best, double minDelta) {
        return maximize ? value > best + minDelta : value < best - minDelta;
    }
}
