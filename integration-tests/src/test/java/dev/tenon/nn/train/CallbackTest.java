package dev.tenon.nn.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.TensorDataset;
import dev.tenon.data.format.Safetensors;
import dev.tenon.nn.Checkpoint;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.ReduceLROnPlateau;
import dev.tenon.nn.optim.SGD;
import dev.tenon.nn.optim.Schedule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CallbackTest {
    @TempDir
    private Path folder;

    private static final Tensor X = Tensors.zeros(2, 1);

    /// A model of one number, which each step makes larger by one, and losses that are what a script says for it.
    private static final class Scripted {
        final Linear model = new Linear(1, 1);
        final Trainer trainer;

        Scripted(double... losses) {
            set(0);
            trainer = Trainer.of(model).optimizer(p -> new SGD(p, 1)).step(batch -> {
                int at = Math.clamp(Math.round(value(model)) - (model.isTraining() ? 0 : 1), 0, losses.length - 1);
                Tensor weight = model.parameters().getFirst().get();
                // Slope -1, and the value that the script says.
                Tensor moving = weight.sum().neg();
                Tensor loss = moving.sub(moving.detach()).add(losses[at]);
                return new Step.Result(batch.input(), batch.target(), loss);
            }).build();
        }

        private void set(double v) {
            try (Context.Mode _ = Context.noGrad()) {
                model.parameters().getFirst().get().fill_(v);
            }
        }
    }

    private static float value(Linear model) {
        return model.parameters().getFirst().get().toFloatArray()[0];
    }

    private static FitOptions options(int epochs) {
        return FitOptions.of(X, X).validation(new TensorDataset(X, X)).batchSize(2).epochs(epochs);
    }

    @Test
    void stoppingEarlyWaitsAndKeepsTheBest() {
        double[] losses = {5, 4, 4.5, 3.9, 4, 4, 4, 1};
        for (boolean restore : new boolean[] {false, true}) {
            var s = new Scripted(losses);
            var stop = new EarlyStopping("val_loss").patience(2).restoreBest(restore);
            History h = s.trainer.fit(options(8).callbacks(stop));
            assertEquals(List.of(5.0, 4.0, 4.5, 3.9, 4.0, 4.0, 4.0), rounded(h.get("val_loss")));
            assertEquals(4, stop.bestEpoch());
            assertEquals(3.9, stop.best(), 1e-6);
            assertEquals(restore ? 4 : 7, value(s.model));
        }
        // The step from 4 to 3.9 is less than half.
        History h = new Scripted(losses).trainer.fit(options(8)
                .callbacks(new EarlyStopping("loss").patience(2).minDelta(0.5)));
        assertEquals(5, h.epochs().size());
        History up = new Scripted(losses).trainer.fit(options(8).callbacks(new EarlyStopping("loss", true)));
        assertEquals(2, up.epochs().size());
        assertThrows(IllegalArgumentException.class, () -> new EarlyStopping("loss").patience(-1));
    }

    private static List<Double> rounded(double[] values) {
        List<Double> out = new ArrayList<>();
        for (double v : values) {
            out.add(Math.round(v * 1e6) / 1e6);
        }
        return out;
    }

    @Test
    void epochsWithoutAValidationDoNotCount() {
        var s = new Scripted(5, 4, 3, 3, 3, 3, 3, 3);
        History h = s.trainer.fit(options(8).validationEvery(3).callbacks(new EarlyStopping("val_loss")));
        // Measured after 3 (3), 6 (3: no better).
        assertEquals(6, h.epochs().size());
        assertTrue(Double.isNaN(h.get("val_loss")[0]));
    }

    @Test
    void weightsOfTheBestTheLastAndEveryNthEpoch() throws IOException {
        Path best = folder.resolve("best.safetensors");
        Path last = folder.resolve("last.safetensors");
        new Scripted(5, 3, 4, 6, 7).trainer.fit(options(5).callbacks(ModelCheckpoint.best(best, "val_loss"),
                ModelCheckpoint.last(last), ModelCheckpoint.every(2, folder.resolve("w{epoch}.safetensors"))));
        var net = new Linear(1, 1);
        Checkpoint.loadWeights(best, net);
        assertEquals(2, value(net));
        Checkpoint.loadWeights(last, net);
        assertEquals(5, value(net));
        Checkpoint.loadWeights(folder.resolve("w4.safetensors"), net);
        assertEquals(4, value(net));
        try (var files = Files.list(folder)) {
            assertEquals(4, files.count());
        }
        try (Safetensors file = Safetensors.open(best)) {
            assertEquals("2", file.metadata().get("epoch"));
            assertEquals(3, Double.parseDouble(file.metadata().get("val_loss")), 1e-6);
        }
        var gone = assertThrows(UncheckedIOException.class, () -> new Scripted(1).trainer.fit(options(1)
                .callbacks(ModelCheckpoint.last(folder.resolve("no/where.safetensors")))));
        assertTrue(gone.getMessage().contains("no"), gone.getMessage());
    }

    @Test
    void learningRatesFollowStepsEpochsAndPlateaus() {
        Schedule halves = (n, base) -> base / Math.pow(2, n);
        List<Double> seen = new ArrayList<>();
        Callback look = LambdaCallback.onBatchEnd(run -> seen.add(run.lr()));
        FitOptions twoSteps = FitOptions.of(Tensors.zeros(4, 1), Tensors.zeros(4, 1)).batchSize(2).epochs(2);
        new Scripted(1).trainer.fit(twoSteps.callbacks(look, LearningRate.perStep(halves)));
        assertEquals(List.of(1.0, 0.5, 0.25, 0.125), seen);
        seen.clear();
        FitOptions epochs = FitOptions.of(Tensors.zeros(4, 1), Tensors.zeros(4, 1)).batchSize(2).epochs(3)
                .initialEpoch(1);
        new Scripted(1).trainer.fit(epochs.callbacks(look, LearningRate.perEpoch(halves)));
        assertEquals(List.of(0.5, 0.5, 0.25, 0.25), seen);
        seen.clear();
        History h = new Scripted(5, 4, 4, 4, 4, 4).trainer.fit(options(6).callbacks(look,
                LearningRate.onPlateau("val_loss", ReduceLROnPlateau.Options.DEFAULT.with(0.1, 1))));
        assertArrayEquals(new double[] {1, 1, 1, 1, 0.1, 0.1}, seen.stream().mapToDouble(v -> v).toArray(), 1e-12);
        assertEquals(0.1, h.epochs().get(4).lr(), 1e-12);
    }

    @Test
    void theTableOfValuesHasARowForEachEpoch() throws IOException {
        Path csv = folder.resolve("log.csv");
        History h = new Scripted(5, 4, 3).trainer.fit(options(3).validationEvery(3).callbacks(new CsvLog(csv)));
        List<String> lines = Files.readAllLines(csv);
        assertEquals("epoch,loss,val_loss,lr,seconds", lines.getFirst());
        assertEquals(4, lines.size());
        assertTrue(lines.get(1).startsWith("1,5.0,,1.0,"), lines.get(1));
        String[] last = lines.get(3).split(",");
        assertEquals(h.last().get("val_loss"), Double.parseDouble(last[2]));
    }
}
