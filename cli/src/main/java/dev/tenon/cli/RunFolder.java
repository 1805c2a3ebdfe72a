package dev.tenon.cli;

import dev.tenon.data.format.AtomicFiles;
import dev.tenon.nn.Checkpoint;
import dev.tenon.nn.Module;
import dev.tenon.nn.train.History;
import dev.tenon.report.SamplePage;
import dev.tenon.report.TrainingCurve;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// The folder that a training run writes to. Every file appears whole or not at all, so whatever ends the run, the
/// weights of the last finished epoch are there.
final class RunFolder {
    static final String WEIGHTS = "weights.safetensors";
    static final String CURVE = "curve.png";
    static final String SAMPLES = "samples.png";
    static final String CONFUSION = "confusion.png";
    static final String TEXT = "sample.txt";
    static final String CHECKPOINTS = "checkpoints";

    private final Path folder;
    private final ReentrantLock writing = new ReentrantLock();
    private volatile int savedEpoch;

    private RunFolder(Path folder) {
        this.folder = folder;
    }

    /// Makes the folder if it is not there.
    ///
    /// @throws UsageException if it cannot be made or written to
    static RunFolder at(Path folder) {
        try {
            Files.createDirectories(folder);
            Path probe = Files.createTempFile(folder, ".tenon", ".tmp");
            Files.delete(probe);
        } catch (IOException | RuntimeException e) {
            throw new UsageException("--out " + folder + ": cannot write there (" + reason(e)
                + "); choose another folder", e);
        }
        return new RunFolder(folder);
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    /// The epoch whose weights are on disk; 0 while there are none.
    int savedEpoch() {
        return savedEpoch;
    }

    /// Waits for a file that is being written, for the sake of someone who is about to end the process.
    void settle() {
        try {
            if (writing.tryLock(5, TimeUnit.SECONDS)) {
                writing.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// @throws IOException if the file cannot be written; the message says which weights are still there
    void saveWeights(Module model, Map<String, String> metadata, int epoch) throws IOException {
        Path target = file(WEIGHTS);
        writing.lock();
        try {
            Checkpoint.saveWeights(target, model, metadata);
            savedEpoch = epoch;
        } catch (IOException e) {
            throw new IOException("cannot write the weights of epoch " + epoch + " to " + target + " (" + reason(e)
                + "); " + (savedEpoch > 0 ? "those of epoch " + savedEpoch + " are there" : "nothing was saved"), e);
        } finally {
            writing.unlock();
        }
    }

    void saveCurve(String title, History history) throws IOException {
        writing.lock();
        try {
            TrainingCurve.write(file(CURVE), title, "cross-entropy, nats per sample",
                TrainingCurve.of(history, "val_accuracy"));
        } finally {
            writing.unlock();
        }
    }

    void saveSamples(String title, List<String> names, List<SamplePage.Sample> samples) throws IOException {
        SamplePage.write(file(SAMPLES), title, names, samples);
    }

    void saveText(String text) throws IOException {
        AtomicFiles.write(file(TEXT), text.getBytes(StandardCharsets.UTF_8));
    }

    private static String reason(Exception e) {
        if (e instanceof FileSystemException f) {
            String why = f.getReason();
            return f.getClass().getSimpleName().replaceFirst("Exception$", "") + (why == null ? "" : ": " + why);
        }
        return String.valueOf(e.getMessage());
    }
}
