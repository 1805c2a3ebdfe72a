package dev.tenon.cli;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.TensorType;
import dev.tenon.data.format.TensorFile;
import dev.tenon.data.format.TensorFiles;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `tenon convert`: weights from one file format to another.
@Command(
    name = "convert",
    description = "Copies the tensors of a file into a file of another format, or with another floating-point type.",
    mixinStandardHelpOptions = true)
final class ConvertCommand implements Callable<Integer> {
    /// Below this, a bar would be gone before it is seen.
    private static final long BAR_BYTES = 1L << 26;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "IN",
        description = "The file to read: .safetensors, PyTorch's .pt or .pth, .npz or .npy. The content decides, not"
            + " the name.")
    private Path in = Path.of("");

    @Parameters(index = "1", paramLabel = "OUT",
        description = "The file to write: .safetensors, .npz or .npy. The name decides.")
    private Path to = Path.of("");

    @Option(names = "--dtype", paramLabel = "DTYPE",
        description = "What floating-point tensors become: f64, f32, f16 or bf16. Others stay as they are.")
    private @Nullable String dtype;

    @Option(names = "--key", paramLabel = "KEY",
        description = "Where in a PyTorch checkpoint the tensors are; repeat it to go deeper. By default state_dict,"
            + " model and similar keys are tried.")
    private List<String> keys = List.of();

    @Option(names = "--force", description = "Replace OUT if it is there.")
    private boolean force;

    ConvertCommand() {}

    @Override
    public Integer call() throws IOException {
        DType wanted = checked();
        PrintWriter out = Main.out(spec);
        try (TensorFile file = TensorFiles.open(in, keys.toArray(String[]::new)); Bar bar = new Bar()) {
            Map<String, TensorType> types =
                TensorFiles.convert(file, to, wanted, Device.getDefault(), bar::show);
            types.forEach((name, t) -> out.printf("%-40s %-5s %-20s %s%n", name, t.dtype(), t.shape(),
                size(t.elements() * t.dtype().bytes())));
            out.printf(Locale.ROOT, "wrote %s: %d tensors, %,d elements, %s; %s has %s%n", to, types.size(),
                types.values().stream().mapToLong(TensorType::elements).sum(), size(Files.size(to)), in,
                size(Files.size(in)));
        } catch (IllegalArgumentException e) {
            // What the formats cannot do: bf16 in NumPy's, several tensors in .npy, keys in a flat file.
            throw new UsageException(e.getMessage(), e);
        }
        return 0;
    }

    private @Nullable DType checked() {
        try {
            TensorFiles.formatToWrite(to);
            DType wanted = dtype == null ? null : DType.of(dtype);
            if (wanted != null && !wanted.isFloating()) {
                throw new UsageException("--dtype " + dtype + ": expected f64, f32, f16 or bf16");
            }
            if (Files.exists(to) && !force) {
                throw new UsageException(to + " is there already; give another name, or --force to replace it");
            }
            return wanted;
        } catch (TensorException e) {
            throw new UsageException("--dtype " + dtype + ": expected f64, f32, f16 or bf16", e);
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage(), e);
        }
    }

    private static String size(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes;
        String unit = "B";
        for (String next : new String[] {"KiB", "MiB", "GiB", "TiB"}) {
            if (value < 1024) {
                break;
            }
            value /= 1024;
            unit = next;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, unit);
    }

    /// A bar on a terminal, if there is much to do.
    private static final class Bar implements AutoCloseable {
        private @Nullable ProgressBar bar;

        void show(String name, long done, long total) {
            Console console = System.console();
            if (bar == null && total >= BAR_BYTES && console != null && console.isTerminal()) {
                bar = new ProgressBarBuilder().setTaskName("convert").setInitialMax(total).setUnit(" MiB", 1 << 20)
                    .setStyle(ProgressBarStyle.ASCII).setUpdateIntervalMillis(200).clearDisplayOnFinish().build();
            }
            if (bar != null) {
                bar.stepTo(done);
                bar.setExtraMessage(" " + name);
            }
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }
}
