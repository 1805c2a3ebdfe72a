package dev.tenon.nn.optim;

import java.util.List;
import java.util.function.LongToDoubleFunction;

/// A learning rate as a function of the number of steps made. Schedules are plain functions without state: an
/// [LRScheduler] counts the steps, and its count is all there is to save.
@FunctionalInterface
public interface Schedule {
    /// The learning rate after `step` steps, given the one that the optimiser was made with.
    double lr(long step, double base);

    /// Both at once: the other schedule starts from what this one gives. Factors multiply.
    default Schedule and(Schedule other) {
        return (step, base) -> other.lr(step, lr(step, base));
    }

    /// This schedule up to `milestone` steps, then another one that counts from there.
    default Schedule until(long milestone, Schedule next) {
        return (step, base) -> step < milestone ? lr(step, base) : next.lr(step - milestone, base);
    }

    /// Grows linearly from `startFactor` of the learning rate to all of it in `steps` steps, then follows another
    /// schedule.
    static Schedule warmup(double startFactor, long steps, Schedule next) {
        return new LinearLR(startFactor, 1, steps).until(steps, next);
    }

    /// The same learning rate all the time.
    static Schedule constant() {
        return (_, base) -> base;
    }

    /// All at once, each from what the one before gives.
    static Schedule chained(List<Schedule> schedules) {
        return schedules.stream().reduce(constant(), Schedule::and);
    }

    /// One after the other: each counts from its milestone, the first from 0.
    ///
    /// @param milestones the steps at which the second, third, ... begin, ascending
    /// @throws IllegalArgumentException if there is not one milestone less than there are schedules
    static Schedule sequential(List<Schedule> schedules, List<Long> milestones) {
        if (schedules.size() != milestones.size() + 1) {
            throw new IllegalArgumentException("schedule: " + schedules.size() + " schedules in sequence with "
                    + milestones.size() + " milestones: expected one milestone less than schedules");
        }
        Schedule all = schedules.getLast();
        for (int i = milestones.size() - 1; i >= 0; i--) {
            long start = i == 0 ? 0 : milestones.get(i - 1);
            all = schedules.get(i).until(milestones.get(i) - start, all);
        }
        return all;
    }

    /// The learning rate times a function of the number of steps, as PyTorch's `LambdaLR`.
    static Schedule lambda(LongToDoubleFunction factor) {
        return (step, base) -> base * factor.applyAsDouble(step);
    }
}
