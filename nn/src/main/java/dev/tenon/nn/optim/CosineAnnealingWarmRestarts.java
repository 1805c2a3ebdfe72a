package dev.tenon.nn.optim;

/// Falls to `min` along half a cosine again and again, each time from the full learning rate; each fall takes
/// `multiplier` times as many steps as the one before (Loshchilov and Hutter, 2017).
///
/// @param first how many steps the first fall takes
/// @param multiplier how much longer each fall is, at least 1
/// @param min the lowest learning rate
public record CosineAnnealingWarmRestarts(long first, long multiplier, double min) implements Schedule {
    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if one is below 1
    public CosineAnnealingWarmRestarts {
        if (first < 1 || multiplier < 1) {
            throw new IllegalArgumentException("CosineAnnealingWarmRestarts: first " + first + ", multiplier "
                    + multiplier + ": expected both at least 1");
        }
    }

    @Override
    public double lr(long step, double base) {
        long at = step;
        long length = first;
        if (multiplier == 1) {
            at %= first;
        }
        while (at >= length) {
            at -= length;
            length *= multiplier;
        }
        return min + (base - min) * (1 + Math.cos(Math.PI * at / length)) / 2;
    }
}
