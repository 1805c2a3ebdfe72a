package dev.tenon.nn.optim;

/// A factor on the learning rate for the first `steps` steps.
///
/// @param factor the factor
/// @param steps how many steps
public record ConstantLR(double factor, long steps) implements Schedule {
    @Override
    public double lr(long step, double base) {
        return step < steps ? base * factor : base;
    }
}
