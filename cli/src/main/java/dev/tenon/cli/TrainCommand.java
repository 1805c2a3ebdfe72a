package dev.tenon.cli;

import dev.tenon.api.BackendException;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.nn.Module;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `tenon train`: trains a recipe's network and leaves weights and pictures in a folder.
@Command(
    name = "train",
    description = "Trains a network to tell grey images apart; by default LeNet-5 on generated digits.",
    footer = {"", "Written to --out after every epoch: " + RunFolder.WEIGHTS + ", " + RunFolder.CURVE + "; at the end "
            + RunFolder.SAMPLES + ".",
        "Exit code 0 success, 1 failure while running, 2 wrong usage or unusable input, 130 interrupted."},
    mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
    private static final System.Logger LOG = System.getLogger("dev.tenon");
    private static final int SAMPLES = 40;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", arity = "0..1", defaultValue = "lenet5", paramLabel = "RECIPE",
        description = {"The network, by default lenet5:",
            "lenet5: LeNet-5 in the modern variant, with ReLU and max-pooling where the classic has tanh and average"
                + " pooling; images of at least 12 x 12;",
            "mlp: two hidden layers, 256 and 128 wide, ReLU and dropout;",
            "two-layer-net: one hidden layer, 100 wide, ReLU."})
    private String recipeName = "lenet5";

    @Option(names = "--data", paramLabel = "DIR", description = "A folder of IDX files with MNIST's names (plain or"
        + " .gz; of a single pair the last fifth is for testing), or of text files *.tra and *.tes with a square image"
        + " and its label per line. Default: generated digits.")
    private @Nullable Path data;

    @Option(names = "--device", paramLabel = "NAME", description = "Such as cpu or cuda:0; see `tenon devices`."
        + " Default: the best there is.")
    private @Nullable String deviceName;

    @Option(names = "--epochs", paramLabel = "N", description = "Passes over the training set. Default: the recipe's.")
    private @Nullable Integer epochs;

    @Option(names = "--batch-size", paramLabel = "N", description = "Samples per step. Default: the recipe's, 64.")
    private @Nullable Integer batchSize;

    @Option(names = "--lr", paramLabel = "RATE", description = "The learning rate at the start; it falls to 0 along"
        + " half a cosine. Default: the optimizer's (sgd 0.05, adam and adamw 0.002, rmsprop 0.0005, lion 0.0005).")
    private @Nullable Double lr;

    @Option(names = "--optimizer", paramLabel = "NAME", description = "sgd (momentum 0.9), adam, adamw, rmsprop or"
        + " lion. Default: the recipe's, adam.")
    private @Nullable String optimizerName;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of the first weights, the order of"
        + " samples and dropout. The same seed gives the same losses to the last bit. Default: 1.")
    private long seed = 1;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that compute on the CPU. Default: one per"
        + " core.")
    private @Nullable Integer threads;

    @Option(names = "--out", paramLabel = "DIR", description = "Where weights and pictures go. Default: runs/RECIPE.")
    private @Nullable Path out;

    @Option(names = "--json", description = "One last line of JSON on standard output.")
    private boolean json;

    @Option(names = "--debug", description = "Where something fails, the whole stack trace.")
    private boolean debug;

    TrainCommand() {}

    @Override
    public Integer call() throws IOException {
        long start = System.nanoTime();
        Recipe recipe = Recipe.of(recipeName);
        Optimizers optimizer = Optimizers.of(optimizerName == null ? recipe.optimizer() : optimizerName);
        int passes = count("--epochs", epochs == null ? recipe.epochs() : epochs, 100_000);
        int batch = count("--batch-size", batchSize == null ? recipe.batchSize() : batchSize, 1 << 20);
        double rate = lr == null ? optimizer.lr() : lr;
        if (!(rate > 0) || Double.isInfinite(rate)) {
            throw new UsageException("--lr " + rate + ": expected a number above 0");
        }
        if (threads != null) {
            // Read by the CPU backend when it starts.
            System.setProperty("tenon.cpu.threads", Integer.toString(count("--threads", threads, 4096)));
        }
        Device device = device();
        TrainingData set = data == null ? TrainingData.generated() : TrainingData.read(data);
        Generator.getDefault().manualSeed(seed);
        Module model = recipe.model().of(set.height(), set.width(), set.classes());
        model.to(device);
        Path folder = out == null ? Path.of("runs", recipe.name()) : out;
        RunFolder run = RunFolder.at(folder);
        Training training = new Training(model, optimizer.maker().of(model.parameters(), rate), rate, set, device,
            passes, batch, seed);
        PrintWriter err = Main.err(spec);
        err.printf(Locale.ROOT, "%s (%d parameters) on %s, %d to train and %d to test, device %s%n", recipe.title(),
            model.parameterCount(), set.name(), set.train().size(), set.test().size(), device);
        err.flush();
        String title = recipe.title() + " on " + set.name();
        Training.Outcome outcome;
        try (Progress progress = new Progress(err, passes);
                Interruption _ = new Interruption(progress, run, err)) {
            outcome = training.run(progress, (m, curve) -> {
                run.saveWeights(m, Map.of("recipe", recipe.name(), "data", set.name(), "seed", Long.toString(seed),
                    "epoch", Integer.toString(curve.size())), curve.size());
                run.saveCurve(title, curve);
            });
            run.saveSamples(title + ", test set", Training.predictions(model, set, device, SAMPLES));
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        err.printf(Locale.ROOT, "test accuracy %.2f %% after %.1f s; %s, %s and %s are in %s%n",
            100 * outcome.last().testAccuracy(), seconds, RunFolder.WEIGHTS, RunFolder.CURVE, RunFolder.SAMPLES,
            folder);
        err.flush();
        if (json) {
            Map<String, @Nullable Object> line = new LinkedHashMap<>();
            line.put("recipe", recipe.name());
            line.put("device", device.toString());
            line.put("epochs", passes);
            line.put("trainLoss", outcome.last().trainLoss());
            line.put("testAccuracy", outcome.last().testAccuracy());
            line.put("samplesPerSecond", outcome.samplesPerSecond());
            line.put("seconds", seconds);
            line.put("peakRssBytes", peakRss());
            line.put("data", set.name());
            line.put("seed", seed);
            PrintWriter print = Main.out(spec);
            print.println(Json.line(line));
            print.flush();
        }
        return 0;
    }

    private Device device() {
        try {
            return deviceName == null ? Device.getDefault() : Device.of(deviceName);
        } catch (BackendException e) {
            throw new UsageException((deviceName == null ? "" : "--device: ") + e.getMessage(), e);
        }
    }

    private static int count(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new UsageException(option + " " + value + ": expected 1 to " + most);
        }
        return value;
    }

    /// The most memory this process ever had in RAM, or null where the system does not say.
    private static @Nullable Long peakRss() {
        Path status = Path.of("/proc/self/status");
        try {
            if (!Files.isReadable(status)) {
                return null;
            }
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                }
            }
            return null;
        } catch (IOException e) {
            return null;
        }
    }

    /// Says, when Ctrl-C or a signal ends the process, what there is on disk. The exit code is the system's own: 130
    /// after Ctrl-C.
    private static final class Interruption implements AutoCloseable {
        private final Thread hook;

        Interruption(Progress progress, RunFolder run, PrintWriter err) {
            hook = Thread.ofPlatform().name("tenon-interrupted").unstarted(() -> {
                progress.close();
                run.settle();
                int epoch = run.savedEpoch();
                err.println(epoch == 0 ? "stopped before the first epoch was finished; no weights were written"
                    : "stopped; the weights of epoch " + epoch + " are in " + run.file(RunFolder.WEIGHTS));
                err.flush();
            });
            Runtime.getRuntime().addShutdownHook(hook);
        }

        @Override
        public void close() {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                LOG.log(System.Logger.Level.DEBUG, "the process is already ending, the hook says so", e);
            }
        }
    }
}
