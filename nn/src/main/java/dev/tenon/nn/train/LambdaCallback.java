package dev.tenon.nn.train;

import java.io.IOException;
import java.util.Map;

/// Callbacks of one event, from a function.
public final class LambdaCallback {
    private LambdaCallback() {}

    /// What is done.
    @FunctionalInterface
    public interface Action {
        /// Does it.
        void run(TrainingRun run) throws IOException;
    }

    /// What is done after an epoch.
    @FunctionalInterface
    public interface EpochAction {
        /// Does it.
        void run(TrainingRun run, Map<String, Double> values) throws IOException;
    }

    /// After each step of the optimiser.
    public static Callback onStepEnd(Action action) {
        return new Callback() {
            @Override
            public void onStepEnd(TrainingRun run) throws IOException {
                action.run(run);
            }
        };
    }

    /// After each batch.
    public static Callback onBatchEnd(Action action) {
        return new Callback() {
            @Override
            public void onBatchEnd(TrainingRun run) throws IOException {
                action.run(run);
            }
        };
    }

    /// After each epoch.
    public static Callback onEpochEnd(EpochAction action) {
        return new Callback() {
            @Override
            public void onEpochEnd(TrainingRun run, Map<String, Double> values) throws IOException {
                action.run(run, values);
            }
        };
    }

    /// After training.
    public static Callback onTrainEnd(Action action) {
        return new Callback() {
            @Override
            public void onTrainEnd(TrainingRun run) throws IOException {
                action.run(run);
            }
        };
    }
}
