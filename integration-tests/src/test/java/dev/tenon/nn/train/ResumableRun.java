package dev.tenon.nn.train;

import dev.tenon.api.DType;
import dev.tenon.api.Generator;
import dev.tenon.data.Dataset;
import dev.tenon.data.DigitsDataset;
import dev.tenon.data.Sample;
import dev.tenon.nn.Checkpoint;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.layer.BatchNorm1d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.metric.Accuracy;
import dev.tenon.nn.metric.Auc;
import dev.tenon.nn.optim.AdamW;
import dev.tenon.nn.optim.OneCycleLR;
import dev.tenon.nn.optim.ReduceLROnPlateau;
import java.io.IOException;
import java.nio.file.Path;

/// A program that trains with everything that has a state, goes on where it was killed, and writes its weights in the
/// end.
final class ResumableRun {
    static final int EPOCHS = 3;

    private ResumableRun() {}

    /// @param args the folder of checkpoints, the file of weights, how long to wait in each step
    public static void main(String[] args) throws IOException {
        Path weights = Path.of(args[1]);
        History h = run(Path.of(args[0]), weights, Integer.parseInt(args[2]));
        System.out.println(h.epochs().stream().map(e -> e.values() + " " + e.lr()).toList());
    }

    static Sequential net() {
        return new Sequential(new Flatten(), new Linear(784, 24), new BatchNorm1d(24), new ReLU(), new Dropout(0.3),
                new Linear(24, 10));
    }

    static FitOptions options(Path checkpoints) {
        Dataset<Sample> train = new DigitsDataset(1, 300);
        return FitOptions.of(train).validation(new DigitsDataset(2, 40)).epochs(EPOCHS).batchSize(10).seed(9)
                .workers(2).accumulate(2).clipNorm(1).average(0.9).autocast(DType.F16)
                .callbacks(LearningRate.perStep(new OneCycleLR(0.01, 60)),
                        LearningRate.onPlateau("val_loss", ReduceLROnPlateau.Options.DEFAULT.with(0.5, 0)),
                        new EarlyStopping("val_accuracy").patience(10).restoreBest(true))
                .checkpoints(Checkpoints.in(checkpoints).everySteps(2).keep(2));
    }

    static History run(Path checkpoints, Path weights, int millis) throws IOException {
        Generator.getDefault().manualSeed(5);
        Sequential net = net();
        Trainer trainer = Trainer.of(net).optimizer(p -> new AdamW(p, 0.01)).loss(new CrossEntropyLoss())
                .metrics(new Accuracy(), new Auc()).build();
        trainer.resume(checkpoints);
        History h = trainer.fit(options(checkpoints).callbacks(LambdaCallback.onBatchEnd(_ -> {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        })));
        Checkpoint.saveWeights(weights, net);
        return h;
    }
}
