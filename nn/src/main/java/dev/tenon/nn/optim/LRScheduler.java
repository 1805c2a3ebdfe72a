package dev.tenon.nn.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Sets an optimiser's learning rates by a [Schedule], once when it is made and then at each step of its own: after
/// each epoch, or after each batch, as the schedule is meant.
///
/// ```java
/// var scheduler = new LRScheduler(optimizer, new CosineAnnealingLR(epochs, 0));
/// for (int epoch = 0; epoch < epochs; epoch++) {
///     trainEpoch();
///     scheduler.step();
/// }
/// ```
public final class LRScheduler implements Stateful {
    private final Optimizer optimizer;
    private final String setting;
    private final List<Schedule> schedules;
    private final List<Double> bases = new ArrayList<>();
    private long steps;

    /// One schedule for all groups.
    public LRScheduler(Optimizer optimizer, Schedule schedule) {
        this(optimizer, optimizer.groups().stream().map(_ -> schedule).toList());
    }

    /// A schedule for each group. The groups' present learning rates are what the schedules start from.
    ///
    /// @throws IllegalArgumentException if there are not as many schedules as groups
    public LRScheduler(Optimizer optimizer, List<Schedule> schedules) {
        this(optimizer, "lr", schedules);
    }

    /// One schedule for another setting than the learning rate, such as `momentum`.
    public static LRScheduler of(Optimizer optimizer, String setting, Schedule schedule) {
        return new LRScheduler(optimizer, setting, optimizer.groups().stream().map(_ -> schedule).toList());
    }

    private LRScheduler(Optimizer optimizer, String setting, List<Schedule> schedules) {
        if (schedules.size() != optimizer.groups().size()) {
            throw new IllegalArgumentException("scheduler: " + schedules.size() + " schedules for "
                    + optimizer.groups().size() + " groups of parameters");
        }
        this.optimizer = optimizer;
        this.setting = setting;
        this.schedules = List.copyOf(schedules);
        optimizer.groups().forEach(g -> bases.add(g.get(setting)));
        apply();
    }

    private void apply() {
        for (int i = 0; i < schedules.size(); i++) {
            optimizer.groups().get(i).set(setting, schedules.get(i).lr(steps, bases.get(i)));
        }
    }

    /// Goes on by one step.
    public void step() {
        steps++;
        apply();
    }

    /// How many steps were made.
    public long steps() {
        return steps;
    }

    /// The present learning rate, or other setting, of each group.
    public List<Double> lastLr() {
        return optimizer.groups().stream().map(g -> g.get(setting)).toList();
    }

    /// The state: the number of steps, and each group's learning rate at the start.
    @Override
    public Map<String, Double> stateDict() {
        Map<String, Double> out = new LinkedHashMap<>();
        out.put("steps", (double) steps);
        for (int i = 0; i < bases.size(); i++) {
            out.put("base" + i, bases.get(i));
        }
        return out;
    }

    @Override
    public void loadStateDict(Map<String, Double> state) {
        if (!state.keySet().equals(stateDict().keySet())) {
            throw new IllegalArgumentException("scheduler: the state has " + state.keySet() + ", expected "
                    + stateDict().keySet());
        }
        state.forEach((key, v) -> {
            if (key.equals("steps")) {
                steps = v.longValue();
            } else {
                bases.set(Integer.parseInt(key.substring("base".length())), v);
            }
        });
        apply();
    }
}
