package dev.tenon.cli;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.data.Batch;
import dev.tenon.data.DataLoader;
import dev.tenon.data.Dataset;
import dev.tenon.data.Epoch;
import dev.tenon.data.Sample;
import dev.tenon.nn.Module;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.metric.Accuracy;
import dev.tenon.nn.metric.ConfusionMatrix;
import dev.tenon.nn.metric.Metric;
import dev.tenon.nn.metric.Perplexity;
import dev.tenon.nn.models.GoogLeNet;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.train.Callback;
import dev.tenon.nn.train.Checkpoints;
import dev.tenon.nn.train.DivergedException;
import dev.tenon.nn.train.EarlyStopping;
import dev.tenon.nn.train.FitOptions;
import dev.tenon.nn.train.History;
import dev.tenon.nn.train.Step;
import dev.tenon.nn.train.Trainer;
import dev.tenon.report.SamplePage;
import dev.tenon.report.TensorBoard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A run of `tenon train`: a model, its data and the options, given to a [Trainer].
final class Training {
    /// What the options say.
    ///
    /// @param clip the most that the norm of the gradient may be; 0 for no limit
    /// @param average the decay of the running means of the weights; 0 for none
    /// @param amp the dtype of mixed precision, or null
    /// @param patience after how many epochs without a better test loss the run stops; negative for never
    /// @param checkpoints where checkpoints are written and a run goes on from, or null
    /// @param everySteps how many steps lie between checkpoints within an epoch; 0 for none
    /// @param tensorBoard where event files are written, or null
    record Settings(int epochs, int batchSize, double lr, Schedules schedule, int accumulate, double clip,
            double average, @Nullable DType amp, int workers, int patience, long seed, @Nullable Path checkpoints,
            int everySteps, @Nullable Path tensorBoard) {}

    /// How it ended.
    record Outcome(History history) {
        History.Epoch last() {
            return history.last();
        }

        /// Of training alone, over all epochs.
        double samplesPerSecond() {
            return history.epochs().stream().mapToLong(History.Epoch::samples).sum()
                / history.epochs().stream().mapToDouble(History.Epoch::seconds).sum();
        }
    }

    private final Module model;
    private final Trainer trainer;
    private final ConfusionMatrix confusion = new ConfusionMatrix();

    /// @param confused whether it is counted which classes are taken for which
    Training(Module model, Optimizer optimizer, boolean text, boolean confused) {
        this.model = model;
        List<Metric> metrics = new ArrayList<>(List.of(new Accuracy()));
        if (text) {
            metrics.add(new Perplexity());
        } else if (confused) {
            metrics.add(confusion);
        }
        Trainer.Builder b = Trainer.of(model).optimizer(optimizer).metrics(metrics.toArray(Metric[]::new));
        var loss = new CrossEntropyLoss();
        this.trainer = (text ? b.step(characters(model, loss))
            : model instanceof GoogLeNet g ? b.step(withAuxiliaryHeads(g, loss)) : b.loss(loss)).build();
    }

    /// The scores are [n, time, symbols] and the targets [n, time]: every place is a sample of its own.
    private static Step characters(Module model, CrossEntropyLoss loss) {
        return batch -> {
            Tensor scores = model.call(batch.input());
            Tensor flat = scores.reshape(-1, scores.size(-1));
            Tensor target = batch.target().reshape(-1);
            return new Step.Result(flat, target, loss.call(flat, target));
        };
    }

    private static Step withAuxiliaryHeads(GoogLeNet model, CrossEntropyLoss loss) {
        return batch -> {
            if (!model.isTraining()) {
                Tensor scores = model.call(batch.input());
                return new Step.Result(scores, batch.target(), loss.call(scores, batch.target()));
            }
            GoogLeNet.Output out = model.callWithAuxiliary(batch.input());
            return new Step.Result(out.logits(), batch.target(), out.loss(loss::call, batch.target()));
        };
    }

    /// @param beside what else happens, such as showing how it goes
    /// @throws IllegalStateException if the loss is no finite number any more
    /// @throws IOException if a file cannot be written or read
    Outcome run(Dataset<Sample> train, Dataset<Sample> test, Settings s, Callback... beside) throws IOException {
        // Batch normalisation over one pixel cannot take a single sample.
        boolean oneLeft = train.size() > s.batchSize && train.size() % s.batchSize == 1;
        FitOptions o = FitOptions.of(train).validation(test).epochs(s.epochs).batchSize(s.batchSize).seed(s.seed)
            .dropLast(oneLeft).workers(s.workers).accumulate(s.accumulate);
        long batches = Math.ceilDiv(train.size(), (long) s.batchSize) - (oneLeft ? 1 : 0);
        o.callbacks(s.schedule.callback(Math.ceilDiv(batches, (long) s.accumulate) * s.epochs, s.lr));
        if (s.clip > 0) {
            o.clipNorm(s.clip);
        }
        if (s.average > 0) {
            o.average(s.average);
        }
        if (s.amp != null) {
            o.autocast(s.amp);
        }
        if (s.patience >= 0) {
            o.callbacks(new EarlyStopping("val_loss").patience(s.patience).restoreBest(true));
        }
        if (s.tensorBoard != null) {
            o.callbacks(new TensorBoard(s.tensorBoard).everySteps(50));
        }
        if (s.checkpoints != null) {
            Checkpoints c = Checkpoints.in(s.checkpoints);
            o.checkpoints(s.everySteps > 0 ? c.everySteps(s.everySteps) : c);
            try {
                trainer.resume(s.checkpoints);
            } catch (IllegalArgumentException e) {
                throw misfit(s.checkpoints, e);
            }
        }
        o.callbacks(beside);
        try {
            return new Outcome(trainer.fit(o));
        } catch (DivergedException e) {
            throw new IllegalStateException("training has diverged in epoch " + e.epoch()
                + ": the loss of step " + e.step() + " is no finite number; try a smaller --lr than " + s.lr, e);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (IllegalArgumentException e) {
            if (s.checkpoints != null && String.valueOf(e.getMessage()).startsWith("resume:")) {
                throw misfit(s.checkpoints, e);
            }
            throw e;
        }
    }

    private static UsageException misfit(Path checkpoints, IllegalArgumentException e) {
        return new UsageException("--resume: " + checkpoints + " is of a run with other options; give those, or another"
            + " --out, or remove the folder to start over (" + e.getMessage() + ")", e);
    }

    /// Which classes the test set's images were taken for, in the last epoch; empty if that was not counted.
    long[][] confusion() {
        return confusion.matrix();
    }

    /// What the model says of the first samples of the test set.
    static List<SamplePage.Sample> predictions(Module model, TrainingData data, Device device, int count) {
        model.eval();
        long n = Math.min(count, data.test().size());
        List<SamplePage.Sample> out = new ArrayList<>();
        try (Context.Mode _ = Context.noGrad();
                Scope _ = Scope.open();
                DataLoader loader = DataLoader.builder(data.test().range(0, n)).batchSize((int) n).device(device)
                    .build();
                Epoch batches = loader.epoch(0)) {
            Batch batch = batches.next();
            float[] p = model.call(batch.input()).softmax(1).toFloatArray();
            float[] x = batch.input().toFloatArray();
            int[] y = batch.target().toIntArray();
            int plane = data.height() * data.width();
            int pixels = data.channels() * plane;
            for (int i = 0; i < n; i++) {
                float[] image = new float[pixels];
                for (int k = 0; k < pixels; k++) {
                    int c = k / plane;
                    image[k] = (float) (x[i * pixels + k] * data.deviation()[c] + data.mean()[c]);
                }
                int best = 0;
                for (int c = 1; c < data.classes(); c++) {
                    best = p[i * data.classes() + c] > p[i * data.classes() + best] ? c : best;
                }
                out.add(new SamplePage.Sample(image, data.height(), data.width(), best, y[i],
                    p[i * data.classes() + best]));
            }
        }
        return out;
    }
}
