package dev.tenon.nn.optim;

/// Up and down between two learning rates along straight lines, again and again. The learning rate of the optimiser
/// plays no part.
///
/// Source: Smith, "Cyclical learning rates for training neural networks", 2017.
///
/// @param baseLr the lowest learning rate
/// @param maxLr the highest learning rate
/// @param stepsUp how many steps up
/// @param stepsDown how many steps down
/// @param mode how the height changes from cycle to cycle
/// @param gamma the base of [Mode#EXP_RANGE]
public record CyclicLR(double baseLr, double maxLr, long stepsUp, long stepsDown, Mode mode, double gamma)
        implements Schedule {
    /// How the height of the cycles changes.
    public enum Mode {
        /// It stays.
        TRIANGULAR,
        /// Each cycle is half as high as the one before.
        TRIANGULAR2,
        /// It is multiplied by gamma at each step.
        EXP_RANGE
    }

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if a cycle has no way up or down
    public CyclicLR {
        if (stepsUp < 1 || stepsDown < 1) {
            throw new IllegalArgumentException("CyclicLR: stepsUp " + stepsUp + ", stepsDown " + stepsDown
                    + ": expected both at least 1");
        }
    }

    /// Cycles of the same height, as long up as down.
    public CyclicLR(double baseLr, double maxLr, long stepsUp) {
        this(baseLr, maxLr, stepsUp, stepsUp, Mode.TRIANGULAR, 1);
    }

    @Override
    public double lr(long step, double base) {
        long length = stepsUp + stepsDown;
        long cycle = step / length;
        long at = step % length;
        double part = at <= stepsUp ? (double) at / stepsUp : (double) (length - at) / stepsDown;
        double height = switch (mode) {
            case TRIANGULAR -> 1;
            case TRIANGULAR2 -> Math.pow(2, -cycle);
            case EXP_RANGE -> Math.pow(gamma, step);
        };
        return baseLr + (maxLr - baseLr) * part * height;
    }
}
