package dev.tenon.cli;

import dev.tenon.nn.optim.CosineAnnealingLR;
import dev.tenon.nn.optim.LinearLR;
import dev.tenon.nn.optim.OneCycleLR;
import dev.tenon.nn.optim.ReduceLROnPlateau;
import dev.tenon.nn.optim.Schedule;
import dev.tenon.nn.optim.StepLR;
import dev.tenon.nn.train.Callback;
import dev.tenon.nn.train.LearningRate;

/// The schedules of the learning rate that the command line knows.
enum Schedules {
    COSINE, CONSTANT, LINEAR, STEP, WARMUP, ONECYCLE, PLATEAU;

    static final String NAMES = "cosine (to 0 along half a cosine), constant, linear (to 0), step (a tenth after each"
        + " third), warmup (up in the first twentieth, then cosine), onecycle or plateau (a tenth where the test loss"
        + " stays)";

    static Schedules of(String name) {
        for (Schedules s : values()) {
            if (s.name().equalsIgnoreCase(name)) {
                return s;
            }
        }
        throw new UsageException("unknown --schedule \"" + name + "\"; there are " + NAMES);
    }

    /// @param steps of the whole run
    /// @param lr the learning rate given
    Callback callback(long steps, double lr) {
        long warm = Math.max(1, steps / 20);
        Schedule schedule = switch (this) {
            case COSINE -> new CosineAnnealingLR(steps, 0);
            case CONSTANT, PLATEAU -> Schedule.constant();
            case LINEAR -> new LinearLR(1, 0, steps);
            case STEP -> new StepLR(Math.max(1, Math.ceilDiv(steps, 3)), 0.1);
            case WARMUP -> Schedule.warmup(0.01, warm, new CosineAnnealingLR(Math.max(1, steps - warm), 0));
            case ONECYCLE -> new OneCycleLR(lr, steps);
        };
        return this == PLATEAU ? LearningRate.onPlateau("val_loss", ReduceLROnPlateau.Options.DEFAULT.with(0.1, 2))
            : LearningRate.perStep(schedule);
    }
}
