package dev.tenon.cli;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.Batch;
import dev.tenon.data.DataLoader;
import dev.tenon.data.Epoch;
import dev.tenon.nn.Module;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.optim.CosineAnnealingLR;
import dev.tenon.nn.optim.LRScheduler;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.report.SamplePage;
import dev.tenon.report.TrainingCurve;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The training loop: cross-entropy, a learning rate that falls from its full value to zero along half a cosine, and
/// after each epoch a measurement on the test set and the weights on disk.
final class Training {
    private static final int TEST_BATCH = 256;
    private static final long SHOW_NANOS = 200_000_000;

    /// What happens after each epoch, before the next begins.
    @FunctionalInterface
    interface Checkpoint {
        void save(Module model, List<TrainingCurve.Epoch> epochs) throws IOException;
    }

    /// How it ended.
    ///
    /// @param epochs loss and test accuracy of each epoch
    /// @param samplesPerSecond of training alone, over all epochs
    record Outcome(List<TrainingCurve.Epoch> epochs, double samplesPerSecond) {
        TrainingCurve.Epoch last() {
            return epochs.getLast();
        }
    }

    private final Module model;
    private final Optimizer optimizer;
    private final double lr;
    private final TrainingData data;
    private final Device device;
    private final int epochs;
    private final int batchSize;
    private final long seed;
    private final CrossEntropyLoss criterion = new CrossEntropyLoss();

    Training(Module model, Optimizer optimizer, double lr, TrainingData data, Device device, int epochs, int batchSize,
            long seed) {
        this.model = model;
        this.optimizer = optimizer;
        this.lr = lr;
        this.data = data;
        this.device = device;
        this.epochs = epochs;
        this.batchSize = batchSize;
        this.seed = seed;
    }

    /// @throws IllegalStateException if the loss is no finite number any more
    /// @throws IOException if a checkpoint cannot be written
    Outcome run(Progress progress, Checkpoint checkpoint) throws IOException {
        List<TrainingCurve.Epoch> curve = new ArrayList<>();
        long nanos = 0;
        long samples = 0;
        try (DataLoader loader = DataLoader.builder(data.train()).batchSize(batchSize).shuffle(seed).workers(1)
                .prefetch(4).pinMemory(true).device(device).build()) {
            LRScheduler scheduler = new LRScheduler(optimizer, new CosineAnnealingLR(loader.size() * epochs, 0));
            for (int e = 0; e < epochs; e++) {
                progress.begin(e + 1, loader.samples());
                long start = System.nanoTime();
                double[] sums = epoch(loader, e, scheduler, progress);
                long spent = System.nanoTime() - start;
                nanos += spent;
                samples += loader.samples();
                double loss = sums[0] / loader.samples();
                double accuracy = sums[1] / loader.samples();
                if (!Double.isFinite(loss)) {
                    throw new IllegalStateException("the loss is " + loss + " in epoch " + (e + 1)
                        + ": training has diverged; try a smaller --lr than " + lr);
                }
                double testAccuracy = accuracy(model, data, device);
                curve.add(new TrainingCurve.Epoch(e + 1, loss, testAccuracy));
                checkpoint.save(model, curve);
                progress.end(e + 1, loss, accuracy, testAccuracy, loader.samples() * 1e9 / spent);
            }
        }
        return new Outcome(List.copyOf(curve), samples * 1e9 / nanos);
    }

    /// @return the sums of losses and of right answers over the samples
    private double[] epoch(DataLoader loader, int number, LRScheduler scheduler, Progress progress) {
        model.train();
        long start = System.nanoTime();
        long shown = start;
        long seen = 0;
        // Summed on the device: reading each loss would make the host wait for every step.
        try (Epoch batches = loader.epoch(number);
                Tensor sums = zeros(2)) {
            while (true) {
                try (Scope _ = Scope.open()) {
                    if (!batches.hasNext()) {
                        break;
                    }
                    Batch batch = batches.next();
                    step(batch, scheduler, sums);
                    seen += batch.size();
                }
                long now = System.nanoTime();
                if (progress.shows() && now - shown > SHOW_NANOS) {
                    shown = now;
                    double[] s = sums.toDoubleArray();
                    progress.step(seen, s[0] / seen, s[1] / seen, seen * 1e9 / (now - start));
                }
            }
            return sums.toDoubleArray();
        }
    }

    private Tensor zeros(long n) {
        try (Context.Mode _ = Context.unscoped()) {
            return Tensors.zeros(Shape.of(n), DType.F32, device);
        }
    }

    private void step(Batch batch, LRScheduler scheduler, Tensor sums) {
        optimizer.zeroGrad();
        Tensor logits = model.call(batch.input());
        Tensor loss = criterion.call(logits, batch.target());
        loss.backward();
        optimizer.step();
        scheduler.step();
        try (Context.Mode _ = Context.noGrad()) {
            sums.add_(Tensors.stack(0, loss.detach().mul(batch.size()), right(logits, batch.target())));
        }
    }

    /// How many samples have their largest output where it should be, as an `F32` scalar.
    private static Tensor right(Tensor logits, Tensor target) {
        return logits.detach().argmax(1, false).eq(target).to(DType.F32).sum();
    }

    /// The share of the test set that is right.
    static double accuracy(Module model, TrainingData data, Device device) {
        model.eval();
        double right = 0;
        try (Context.Mode _ = Context.noGrad();
                DataLoader loader = DataLoader.builder(data.test()).batchSize(TEST_BATCH).workers(1).device(device)
                    .build();
                Epoch batches = loader.epoch(0)) {
            while (true) {
                try (Scope _ = Scope.open()) {
                    if (!batches.hasNext()) {
                        break;
                    }
                    Batch batch = batches.next();
                    right += right(model.call(batch.input()), batch.target()).item();
                }
            }
        }
        return right / data.test().size();
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
            int pixels = data.height() * data.width();
            for (int i = 0; i < n; i++) {
                float[] image = new float[pixels];
                for (int k = 0; k < pixels; k++) {
                    image[k] = (float) (x[i * pixels + k] * data.deviation() + data.mean());
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
