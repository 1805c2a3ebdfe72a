package dev.tenon.nn.train;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Checkpoint;
import dev.tenon.nn.optim.LRScheduler;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.ReduceLROnPlateau;
import dev.tenon.nn.optim.Schedule;
import dev.tenon.nn.optim.Stateful;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Callbacks that set the learning rate.
public abstract class LearningRate implements Callback, Checkpoint.Part {
    private LearningRate() {}

    /// Follows a schedule that counts steps of the optimiser.
    public static Callback perStep(Schedule schedule) {
        return new Scheduled(schedule, true);
    }

    /// Follows a schedule that counts epochs.
    public static Callback perEpoch(Schedule schedule) {
        return new Scheduled(schedule, false);
    }

    /// Lowers the learning rate when a value stays as it is. Whether larger is better follows from the name, as for
    /// [EarlyStopping], whatever the options say; epochs without the value do not count.
    public static Callback onPlateau(String monitor, ReduceLROnPlateau.Options options) {
        Monitor m = Monitor.of(monitor);
        return new Plateau(m, new ReduceLROnPlateau.Options(m.maximize(), options.factor(), options.patience(),
                options.threshold(), options.relative(), options.cooldown(), options.minLr(), options.epsilon()));
    }

    abstract Stateful stateful();

    @Override
    public void save(Map<String, Tensor> tensors, Map<String, String> text) {
        stateful().stateDict().forEach((key, v) -> text.put(key, v.toString()));
    }

    @Override
    public void load(Map<String, Tensor> tensors, Map<String, String> text) {
        Map<String, Double> state = new LinkedHashMap<>();
        text.forEach((key, v) -> state.put(key, Double.valueOf(v)));
        stateful().loadStateDict(state);
    }

    private static final class Scheduled extends LearningRate {
        private final Schedule schedule;
        private final boolean perStep;
        private @Nullable Optimizer optimizer;
        private @Nullable LRScheduler scheduler;

        Scheduled(Schedule schedule, boolean perStep) {
            this.schedule = schedule;
            this.perStep = perStep;
        }

        @Override
        LRScheduler stateful() {
            LRScheduler s = scheduler;
            if (s == null) {
                throw new IllegalStateException("learning rate: onPrepare was not called");
            }
            return s;
        }

        /// A second fit with the same optimiser goes on where the first has ended.
        @Override
        public void onPrepare(TrainingRun run) {
            if (optimizer != run.optimizer()) {
                optimizer = run.optimizer();
                scheduler = new LRScheduler(run.optimizer(), schedule);
            }
            long done = perStep ? run.step() : run.epoch();
            while (stateful().steps() < done) {
                stateful().step();
            }
        }

        @Override
        public void onStepEnd(TrainingRun run) {
            if (perStep) {
                stateful().step();
            }
        }

        @Override
        public void onEpochEnd(TrainingRun run, Map<String, Double> values) {
            if (!perStep) {
                stateful().step();
            }
        }
    }

    private static final class Plateau extends LearningRate {
        private final Monitor monitor;
        private final ReduceLROnPlateau.Options options;
        private @Nullable Optimizer optimizer;
        private @Nullable ReduceLROnPlateau plateau;

        Plateau(Monitor monitor, ReduceLROnPlateau.Options options) {
            this.monitor = monitor;
            this.options = options;
        }

        @Override
        ReduceLROnPlateau stateful() {
            ReduceLROnPlateau p = plateau;
            if (p == null) {
                throw new IllegalStateException("learning rate: onPrepare was not called");
            }
            return p;
        }

        @Override
        public void onPrepare(TrainingRun run) {
            if (optimizer != run.optimizer()) {
                optimizer = run.optimizer();
                plateau = new ReduceLROnPlateau(run.optimizer(), options);
            }
        }

        @Override
        public void onEpochEnd(TrainingRun run, Map<String, Double> values) {
            monitor.in(values).ifPresent(v -> stateful().step(v));
        }
    }
}
