package dev.tenon.nn.optim;

/// Multiplies the learning rate by `gamma` every `stepSize` steps.
///
/// @param stepSize how many steps
/// @param gamma the factor
public record StepLR(long stepSize, double gamma) implements Schedule {
    @Override
    public double lr(long step, double base) {
        return base * Math.pow(gamma, (double) (step / stepSize));
    }
}
