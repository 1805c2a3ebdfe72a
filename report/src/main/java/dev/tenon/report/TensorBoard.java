package dev.tenon.report;

import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.train.Callback;
import dev.tenon.nn.train.TrainingRun;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes how training goes for TensorBoard: `tensorboard --logdir FOLDER`.
///
/// - after each epoch, and every so many steps, the loss and the metrics (`train/loss`, `validation/loss`) and the
///   learning rate, over the steps of the optimiser;
/// - where asked for, the distribution of each parameter and its last gradient after each epoch;
/// - the tree of modules as a graph;
/// - pictures, by [#image].
///
/// A run that goes on writes another file into the same folder, which says where it goes on.
public final class TensorBoard implements Callback {
    private final Path folder;
    private long everySteps;
    private boolean histograms;
    private @Nullable EventFile file;

    /// @param folder made if it is not there
    public TensorBoard(Path folder) {
        this.folder = folder;
    }

    /// Also writes the loss and the metrics of the epoch so far after every n-th step, which waits for the device.
    ///
    /// @return this
    /// @throws IllegalArgumentException if n is below 1
    public TensorBoard everySteps(long n) {
        if (n < 1) {
            throw new IllegalArgumentException("TensorBoard: every " + n + " steps: expected at least 1");
        }
        everySteps = n;
        return this;
    }

    /// Whether distributions of parameters and gradients are written after each epoch: reads them all.
    ///
    /// @return this
    public TensorBoard histograms(boolean on) {
        histograms = on;
        return this;
    }

    private EventFile file() throws IOException {
        EventFile f = file;
        if (f == null) {
            f = EventFile.create(folder);
            file = f;
        }
        return f;
    }

    /// Writes a picture.
    ///
    /// @param image `[height, width]` grey, or `[channels, height, width]` with 1 or 3 channels, from 0 to 1
    /// @throws IllegalArgumentException if the shape is another
    public void image(String tag, long step, Tensor image) throws IOException {
        BufferedImage picture = Pictures.of(image);
        file().image(tag, step, PngFile.encode(picture), picture.getHeight(), picture.getWidth(), 3);
    }

    /// Writes a picture, such as a [ConfusionPicture].
    public void image(String tag, long step, BufferedImage picture) throws IOException {
        file().image(tag, step, PngFile.encode(picture), picture.getHeight(), picture.getWidth(),
                picture.getColorModel().getNumComponents());
    }

    @Override
    public void onTrainBegin(TrainingRun run) throws IOException {
        if (run.step() > 0) {
            file().restart(run.step());
        }
        file().graph(ModuleGraph.of(run.model()));
    }

    @Override
    public void onStepEnd(TrainingRun run) throws IOException {
        if (everySteps > 0 && run.step() % everySteps == 0) {
            write(run, run.current());
        }
    }

    private void write(TrainingRun run, Map<String, Double> values) throws IOException {
        for (var e : values.entrySet()) {
            boolean held = e.getKey().startsWith("val_");
            file().scalar(held ? "validation/" + e.getKey().substring(4) : "train/" + e.getKey(), run.step(),
                    e.getValue());
        }
        file().scalar("train/learning_rate", run.step(), run.lr());
    }

    @Override
    public void onEpochEnd(TrainingRun run, Map<String, Double> values) throws IOException {
        write(run, values);
        if (!histograms) {
            return;
        }
        for (var e : run.model().namedParameters().entrySet()) {
            Parameter p = e.getValue();
            String tag = e.getKey().replace('.', '/');
            try (Scope _ = Scope.open()) {
                file().histogram("parameters/" + tag, run.step(), p.get().toDoubleArray());
                Tensor g = p.grad();
                if (g != null) {
                    file().histogram("gradients/" + tag, run.step(), g.toDoubleArray());
                }
            }
        }
    }

    @Override
    public void onTrainEnd(TrainingRun run) throws IOException {
        EventFile f = file;
        file = null;
        if (f != null) {
            f.close();
        }
    }
}
