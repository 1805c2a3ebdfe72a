package dev.tenon.nn.optim;

/// A factor that moves in a straight line from `startFactor` to `endFactor` in `steps` steps, and then stays.
///
/// @param startFactor the factor at the start
/// @param endFactor the factor at the end
/// @param steps how many steps
public record LinearLR(double startFactor, double endFactor, long steps) implements Schedule {
    @Override
    public double lr(long step, double base) {
        double part = steps <= 0 ? 1 : Math.min(1, (double) step / steps);
        return base * (startFactor + (endFactor - startFactor) * part);
    }
}
