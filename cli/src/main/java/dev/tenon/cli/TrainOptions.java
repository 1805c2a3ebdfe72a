package dev.tenon.cli;

import dev.tenon.api.DType;
import dev.tenon.nn.Module;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.ParameterGroup;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of `tenon train` that say how the weights change.
final class TrainOptions {
    @Option(names = "--epochs", paramLabel = "N", description = "Passes over the training set. Default: the recipe's.")
    private @Nullable Integer epochs;

    @Option(names = "--batch-size", paramLabel = "N", description = "Samples per step. Default: the recipe's, 64.")
    private @Nullable Integer batchSize;

    @Option(names = "--lr", paramLabel = "RATE", description = "The learning rate, which --schedule changes. Default:"
        + " the recipe's, or the optimizer's (sgd 0.05, adam and adamw 0.002, rmsprop 0.0005, lion 0.0005).")
    private @Nullable Double lr;

    @Option(names = "--optimizer", paramLabel = "NAME", description = "sgd (momentum 0.9), adam, adamw, rmsprop or"
        + " lion. Default: the recipe's, mostly adam or adamw.")
    private @Nullable String optimizerName;

    @Option(names = "--weight-decay", paramLabel = "RATE", description = "How much weights shrink. Default: the"
        + " optimizer's (adamw 0.01, others 0).")
    private @Nullable Double weightDecay;

    @Option(names = "--schedule", paramLabel = "NAME", description = Schedules.NAMES + ". Default: the recipe's, mostly"
        + " cosine.")
    private @Nullable String schedule;

    @Option(names = "--amp", paramLabel = "DTYPE", description = "Mixed precision: bf16 or f16.")
    private @Nullable String amp;

    @Option(names = "--accumulate", paramLabel = "N", description = "Batches whose gradients make a step. Default: 1.")
    private int accumulate = 1;

    @Option(names = "--clip", paramLabel = "NORM", description = "The most that the norm of all gradients may be; 0 for"
        + " no limit. Default: the recipe's.")
    private @Nullable Double clip;

    @Option(names = "--ema", paramLabel = "DECAY", description = "Keeps running means of the weights, which are tested"
        + " and saved in their place, such as 0.999.")
    private @Nullable Double average;

    @Option(names = "--patience", paramLabel = "N", description = "Stops when the test loss has not become better for"
        + " more than N epochs, and keeps the best weights.")
    private @Nullable Integer patience;

    @Option(names = "--workers", paramLabel = "N", description = "Threads that read and prepare samples. Default: 1.")
    private int workers = 1;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of the first weights, the order of"
        + " samples and dropout. The same seed gives the same losses to the last bit. Default: 1.")
    private long seed = 1;

    TrainOptions() {}

    /// @throws UsageException if an option is out of its range
    Training.Settings settings(Recipe.Defaults d, @Nullable Path checkpoints, int everySteps,
            @Nullable Path tensorBoard) {
        Optimizers kind = Optimizers.of(optimizerName == null ? d.optimizer() : optimizerName);
        double rate = lr != null ? lr : optimizerName == null && d.lr() > 0 ? d.lr() : kind.lr();
        if (!(rate > 0) || Double.isInfinite(rate)) {
            throw new UsageException("--lr " + rate + ": expected a number above 0");
        }
        double most = clip == null ? d.clip() : clip;
        if (!(most >= 0)) {
            throw new UsageException("--clip " + most + ": expected a number above 0, or 0 for no limit");
        }
        if (average != null && !(average > 0 && average < 1)) {
            throw new UsageException("--ema " + average + ": expected a number between 0 and 1");
        }
        if (weightDecay != null && !(weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY)) {
            throw new UsageException("--weight-decay " + weightDecay + ": expected a number, at least 0");
        }
        if (patience != null && patience < 0 || everySteps < 0) {
            throw new UsageException(everySteps < 0 ? "--checkpoint-every " + everySteps + ": expected at least 1"
                : "--patience " + patience + ": expected at least 0");
        }
        if (workers < 0 || workers > 1024) {
            throw new UsageException("--workers " + workers + ": expected 0 to 1024");
        }
        return new Training.Settings(
            Options.count("--epochs", epochs == null ? d.epochs() : epochs, 100_000),
            Options.count("--batch-size", batchSize == null ? d.batchSize() : batchSize, 1 << 20), rate,
            Schedules.of(schedule == null ? d.schedule() : schedule),
            Options.count("--accumulate", accumulate, 1 << 20), most, average == null ? 0 : average, amp(), workers,
            patience == null ? -1 : patience, seed, checkpoints, everySteps, tensorBoard);
    }

    private @Nullable DType amp() {
        if (amp == null) {
            return null;
        }
        return switch (amp) {
            case "bf16" -> DType.BF16;
            case "f16" -> DType.F16;
            default -> throw new UsageException("--amp " + amp + ": expected bf16 or f16");
        };
    }

    Optimizer optimizer(Recipe.Defaults d, Module model, double rate) {
        Optimizer o = Optimizers.of(optimizerName == null ? d.optimizer() : optimizerName).maker()
            .of(model.parameters(), rate);
        if (weightDecay != null) {
            for (ParameterGroup g : o.groups()) {
                g.set("weightDecay", weightDecay);
            }
        }
        return o;
    }
}
