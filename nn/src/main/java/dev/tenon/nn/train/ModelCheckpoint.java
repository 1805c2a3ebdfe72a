package dev.tenon.nn.train;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Writes the weights as a file of weights alone ([Checkpoint#loadWeights] reads it), the running means of the weights
/// where they are kept: of the best epoch, of the last, or of every n-th. The file's text tells the epoch and its
/// values. What a run needs to go on is the business of [Checkpoints].
public final class ModelCheckpoint implements Callback, Checkpoint.Part {
    private final String pattern;
    private final Path folder;
    private final @Nullable Monitor monitor;
    private final int every;
    private double best;

    private ModelCheckpoint(Path path, @Nullable Monitor monitor, int every) {
        Path name = path.getFileName();
        if (name == null) {
            throw new IllegalArgumentException("model checkpoint: " + path + " names no file");
        }
        this.pattern = name.toString();
        this.folder = path.toAbsolutePath().getParent();
        this.monitor = monitor;
        this.every = every;
        this.best = monitor == null ? Double.NaN : monitor.worst();
    }

    /// The weights of the epoch with the best value so far; whether larger is better follows from the name, as for
    /// [EarlyStopping].
    public static ModelCheckpoint best(Path file, String monitor) {
        return new ModelCheckpoint(file, Monitor.of(monitor), 1);
    }

    /// The weights of the last epoch.
    public static ModelCheckpoint last(Path file) {
        return new ModelCheckpoint(file, null, 1);
    }

    /// The weights of each n-th epoch.
    ///
    /// @param file its name may hold `{epoch}`, for files of their own
    /// @throws IllegalArgumentException if n is below 1
    public static ModelCheckpoint every(int n, Path file) {
        if (n < 1) {
            throw new IllegalArgumentException("model checkpoint: every " + n + " epochs: expected at least 1");
        }
        return new ModelCheckpoint(file, null, n);
    }

    @Override
    public void onEpochEnd(TrainingRun run, Map<String, Double> values) throws IOException {
        if (monitor != null) {
            Optional<Double> value = monitor.in(values);
            if (value.isEmpty() || !monitor.isBetter(value.get(), best, 0)) {
                return;
            }
            best = value.get();
        } else if (run.epoch() % every != 0) {
            return;
        }
        Map<String, String> text = new LinkedHashMap<>();
        text.put("epoch", Integer.toString(run.epoch()));
        values.forEach((name, v) -> text.put(name, v.toString()));
        Path path = folder.resolve(pattern.replace("{epoch}", Integer.toString(run.epoch())));
        try (Context.Mode _ = run.averages()) {
            Checkpoint.saveWeights(path, run.model(), text);
        }
    }

    @Override
    public void save(Map<String, Tensor> tensors, Map<String, String> text) {
        text.put("best", Double.toString(best));
    }

    @Override
    public void load(Map<String, Tensor> tensors, Map<String, String> text) {
        best = Double.parseDouble(History.word(text, "best"));
    }
}
