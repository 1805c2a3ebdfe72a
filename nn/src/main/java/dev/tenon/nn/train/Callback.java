package dev.tenon.nn.train;

import java.io.IOException;
import java.util.Map;

/// What happens beside training. All callbacks hear each event in the order in which they were given:
///
/// ```text
/// onPrepare                  the optimiser is as it was made; make here what has a state
///   (a run that goes on: everything with a state is restored)
/// onTrainBegin
///   onEpochBegin             epoch after epoch
///     onBatchEnd             after the backward pass of each batch
///     onStepEnd              after each step of the optimiser, for the last batch of those accumulated after
///       onBatchEnd (a checkpoint, if one is due)
///   (validation)
///   onEpochEnd               with the values of the epoch, those of validation included
///     (a checkpoint, if one is due)
/// onTrainEnd                 the model holds the averaged weights if there are any; not called after an error
/// ```
///
/// A callback with a state that the rest of training depends on implements [dev.tenon.nn.Checkpoint.Part] as well: the
/// state is then saved with each checkpoint and restored before `onTrainBegin`.
///
/// An [IOException] ends training as an [java.io.UncheckedIOException] with the same message.
public interface Callback {
    /// Before anything is restored.
    default void onPrepare(TrainingRun run) throws IOException {}

    /// Before the first epoch, or before training goes on.
    default void onTrainBegin(TrainingRun run) throws IOException {}

    /// Before an epoch, or before the rest of one.
    default void onEpochBegin(TrainingRun run) throws IOException {}

    /// After the backward pass of a batch.
    default void onBatchEnd(TrainingRun run) throws IOException {}

    /// After a step of the optimiser. The gradients of the step are still there.
    default void onStepEnd(TrainingRun run) throws IOException {}

    /// After an epoch and its validation.
    ///
    /// @param values the loss and the metrics by name; those on the validation set begin with `val_`
    default void onEpochEnd(TrainingRun run, Map<String, Double> values) throws IOException {}

    /// After the last epoch, or after a callback has asked to stop.
    default void onTrainEnd(TrainingRun run) throws IOException {}
}
