package dev.tenon.nn.optim;

/// Multiplies the learning rate by `gamma` every step.
///
/// @param gamma the factor
public record ExponentialLR(double gamma) implements Schedule {
    @Override
    public double lr(long step, double base) {
        return base * Math.pow(gamma, step);
    }
}
