package dev.tenon.nn.train;

import dev.tenon.data.format.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/// Writes the values of all epochs as a table with a head, separated by commas: `epoch,loss,...,lr,seconds`. The file
/// is written anew after each epoch, whole or not at all, so that a run that goes on leaves no row twice.
public final class CsvLog implements Callback {
    private final Path path;

    /// @param path the file; its folder must be there when the first epoch ends
    public CsvLog(Path path) {
        this.path = path;
    }

    @Override
    public void onEpochEnd(TrainingRun run, Map<String, Double> values) throws IOException {
        AtomicFiles.write(path, table(run.history()).getBytes(StandardCharsets.UTF_8));
    }

    static String table(History history) {
        StringBuilder s = new StringBuilder("epoch");
        history.names().forEach(n -> s.append(',').append(n));
        s.append(",lr,seconds\n");
        for (History.Epoch e : history.epochs()) {
            s.append(e.number());
            for (String n : history.names()) {
                Double v = e.values().get(n);
                s.append(',').append(v == null ? "" : v.toString());
            }
            s.append(',').append(e.lr()).append(',').append(e.seconds()).append('\n');
        }
        return s.toString();
    }
}
