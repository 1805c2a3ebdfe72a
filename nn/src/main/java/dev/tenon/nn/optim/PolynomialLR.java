package dev.tenon.nn.optim;

/// Falls to zero in `steps` steps as (1 - step / steps) to a power.
///
/// @param steps how many steps
/// @param power the power; 1 is a straight line
public record PolynomialLR(long steps, double power) implements Schedule {
    @Override
    public double lr(long step, double base) {
        return base * Math.pow(1 - (double) Math.min(step, steps) / steps, power);
    }
}
