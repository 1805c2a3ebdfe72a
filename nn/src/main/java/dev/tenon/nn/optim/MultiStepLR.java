package dev.tenon.nn.optim;

import java.util.List;

/// Multiplies the learning rate by `gamma` at each of the given steps.
///
/// @param milestones numbers of steps
/// @param gamma the factor
public record MultiStepLR(List<Long> milestones, double gamma) implements Schedule {
    /// Copies the list.
    public MultiStepLR {
        milestones = List.copyOf(milestones);
    }

    @Override
    public double lr(long step, double base) {
        return base * Math.pow(gamma, milestones.stream().filter(m -> m <= step).count());
    }
}
