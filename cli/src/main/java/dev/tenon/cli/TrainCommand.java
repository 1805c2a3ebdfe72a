package dev.tenon.cli;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.data.Dataset;
import dev.tenon.data.Sample;
import dev.tenon.nn.Module;
import dev.tenon.nn.models.LanguageModel;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Sampling;
import dev.tenon.nn.train.Callback;
import dev.tenon.nn.train.TrainingRun;
import dev.tenon.report.ConfusionPicture;
import dev.tenon.report.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `tenon train`: trains a recipe's network and leaves weights and pictures in a folder.
@Command(
    name = "train",
    description = "Trains a network to tell images apart or to continue texts; by default LeNet-5 on generated digits.",
    footer = {"", "Written to --out after every epoch: " + RunFolder.WEIGHTS + ", " + RunFolder.CURVE + "; at the end "
            + RunFolder.SAMPLES + " or, of a model of texts, " + RunFolder.TEXT + ".",
        "Exit code 0 success, 1 failure while running, 2 wrong usage or unusable input, 130 interrupted."},
    mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
    private static final System.Logger LOG = System.getLogger("dev.tenon");
    private static final int SAMPLES = 40;
    private static final int WRITTEN = 200;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", arity = "0..1", defaultValue = "lenet5", paramLabel = "RECIPE",
        description = {"The network, by default lenet5:",
            "lenet5: LeNet-5 in the modern variant, with ReLU and max-pooling where the classic (lenet5-classic) has"
                + " tanh and average pooling; images of at least 12 x 12;",
            "mlp: two hidden layers, 256 and 128 wide, ReLU and dropout;",
            "two-layer-net: one hidden layer, 100 wide, ReLU;",
            "char-rnn, gpt: an LSTM, and a small transformer, that continue texts character by character;",
            "or any model of the zoo, such as resnet18, resnet20_cifar, densenet40_cifar, vgg11_bn or vit_b_16; a name"
                + " that is none lists them all."})
    private String recipeName = "lenet5";

    @Option(names = "--dataset", paramLabel = "NAME", description = "The images: " + Datasets.NAMES + ", a folder of"
        + " image files with a folder for each class, or with two such folders train and test. Default: generated"
        + " digits, or what --data holds.")
    private @Nullable String dataset;

    @Option(names = "--data", paramLabel = "PATH", description = "The folder of --dataset's files; nothing is"
        + " downloaded. Without --dataset, a folder of IDX files with MNIST's names (plain or .gz; of a single pair the"
        + " last fifth is for testing), or of text files *.tra and *.tes with a square image and its label per line."
        + " For char-rnn and gpt, a text file. Default: generated digits, or generated text.")
    private @Nullable Path data;

    @Option(names = "--image-size", paramLabel = "N", description = "Height and width to which images are resized."
        + " Default: their own, enlarged where the network needs it; of image files, the network's usual.")
    private @Nullable Integer imageSize;

    @Option(names = "--context", paramLabel = "N", description = "Characters that a model of texts sees at once."
        + " Default: 64.")
    private int context = 64;

    @Mixin
    private final TrainOptions options = new TrainOptions();

    @Option(names = "--device", paramLabel = "NAME", description = "Such as cpu or cuda:0; see `tenon devices`."
        + " Default: the best there is.")
    private @Nullable String deviceName;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that compute on the CPU. Default: one per"
        + " core.")
    private @Nullable Integer threads;

    @Option(names = "--out", paramLabel = "DIR", description = "Where weights and pictures go. Default: runs/RECIPE.")
    private @Nullable Path out;

    @Option(names = "--resume", description = "Writes checkpoints to " + RunFolder.CHECKPOINTS + " in --out after every"
        + " epoch, and goes on from the newest if there are some: the same command, given again after whatever ended"
        + " the run, ends with the same weights to the last bit.")
    private boolean resume;

    @Option(names = "--checkpoint-every", paramLabel = "STEPS", description = "With --resume: checkpoints also within"
        + " epochs.")
    private int checkpointEvery;

    @Option(names = "--tensorboard", description = "Writes event files for TensorBoard to --out.")
    private boolean tensorBoard;

    @Option(names = "--trace", paramLabel = "FILE", description = "Writes when each thread, and each queue of a device"
        + " that tells, was at work, for chrome://tracing or ui.perfetto.dev. The run is slower for it.")
    private @Nullable Path trace;

    @Option(names = "--confusion", description = "Draws at the end which classes were taken for which: "
        + RunFolder.CONFUSION + ".")
    private boolean confusion;

    @Option(names = "--json", description = "One last line of JSON on standard output.")
    private boolean json;

    @Option(names = "--debug", description = "Where something fails, the whole stack trace.")
    private boolean debug;

    TrainCommand() {}

    /// What is learned, and what a file of weights tells of it.
    private record Job(String name, Dataset<Sample> train, Dataset<Sample> test, ModelOptions fit, RunInfo info,
            @Nullable TrainingData images, @Nullable TextData text) {}

    @Override
    public Integer call() throws IOException {
        long start = System.nanoTime();
        Recipe recipe = Recipe.of(recipeName);
        Path folder = out == null ? Path.of("runs", recipe.name()) : out;
        Training.Settings settings = options.settings(recipe.defaults(), resume
            ? folder.resolve(RunFolder.CHECKPOINTS) : null, checkpointEvery, tensorBoard ? folder : null);
        Options.count("--context", context, 1 << 20);
        if (checkpointEvery != 0 && !resume) {
            throw new UsageException("--checkpoint-every says how often --resume writes checkpoints: give --resume"
                + " too");
        }
        if (imageSize != null) {
            Options.count("--image-size", imageSize, 4096);
        }
        Options.threads(threads);
        Options.trace(trace);
        Device device = Options.device(deviceName);
        Job job = recipe.text() ? text(recipe) : images(recipe);
        Generator.getDefault().manualSeed(settings.seed());
        Module model;
        try {
            model = recipe.model().of(job.fit);
        } catch (UsageException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new UsageException("recipe " + recipe.name() + " does not take these data: " + e.getMessage(), e);
        }
        model.to(device);
        RunFolder run = RunFolder.at(folder);
        Training training = new Training(model, options.optimizer(recipe.defaults(), model, settings.lr()),
            recipe.text(), confusion);
        PrintWriter err = Main.err(spec);
        err.printf(Locale.ROOT, "%s (%d parameters) on %s, %d to train and %d to test, device %s%n", recipe.title(),
            model.parameterCount(), job.name, job.train.size(), job.test.size(), device);
        err.flush();
        String title = recipe.title() + " on " + job.name;
        Training.Outcome outcome;
        FirstBatch first = new FirstBatch(device, err);
        try (Progress progress = new Progress(err, values -> said(values, recipe.text()));
                Interruption _ = new Interruption(progress, run, err)) {
            outcome = training.run(job.train, job.test, settings, first, progress,
                saving(run, job, settings, title));
            finish(run, training, job, model, device, title);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        err.printf(Locale.ROOT, "test %s after %.1f s; %s, %s and %s are in %s%n",
            recipe.text() ? String.format(Locale.ROOT, "perplexity %.3f", outcome.last().get("val_perplexity"))
                : String.format(Locale.ROOT, "accuracy %.2f %%", 100 * outcome.last().get("val_accuracy")),
            seconds, RunFolder.WEIGHTS, RunFolder.CURVE, recipe.text() ? RunFolder.TEXT : RunFolder.SAMPLES, folder);
        err.flush();
        if (json) {
            PrintWriter print = Main.out(spec);
            print.println(Json.line(summary(recipe, job, device, settings, outcome, seconds, first)));
            print.flush();
        }
        return 0;
    }

    /// @param text whether a model of language is trained
    private static String said(Map<String, Double> values, boolean text) {
        String name = text ? "perplexity" : "accuracy";
        String line = String.format(Locale.ROOT, "loss %.4f, %s %s", values.getOrDefault("loss", Double.NaN), name,
            number(values.getOrDefault(name, Double.NaN), text));
        Double tested = values.get("val_" + name);
        return tested == null ? line : line + ", test " + name + " " + number(tested, text);
    }

    private static String number(double value, boolean text) {
        return text ? String.format(Locale.ROOT, "%.3f", value) : String.format(Locale.ROOT, "%.2f %%", 100 * value);
    }

    private Job images(Recipe recipe) {
        Recipe.Size fits = recipe.size();
        int size = imageSize == null ? 0 : imageSize;
        TrainingData set = Datasets.of(dataset, data, size, fits.fitting(fits.usual(), fits.usual()));
        if (imageSize == null && !fits.fits(set.height(), set.width())) {
            int side = fits.fitting(set.height(), set.width());
            set = set.resized(side, side);
        }
        ModelOptions fit = new ModelOptions().numClasses(set.classes()).inChannels(set.channels())
            .imageSize(set.height(), set.width());
        return new Job(set.name(), set.train(), set.test(), fit, RunInfo.of(recipe.name(), fit, set), set, null);
    }

    private Job text(Recipe recipe) {
        if (dataset != null || imageSize != null) {
            throw new UsageException((dataset != null ? "--dataset" : "--image-size") + ": " + recipe.name()
                + " continues texts; give it a text file by --data");
        }
        TextData set = TextData.of(data, context);
        ModelOptions fit = new ModelOptions().numClasses(set.vocabulary().size()).context(context);
        return new Job(set.name(), set.train(), set.test(), fit, RunInfo.of(recipe.name(), fit, set), null, set);
    }

    /// After each epoch the weights and the curve.
    private static Callback saving(RunFolder run, Job job, Training.Settings settings, String title) {
        return new Callback() {
            private boolean saved;

            @Override
            public void onEpochEnd(TrainingRun now, Map<String, Double> values) throws IOException {
                save(now);
                saved = true;
                run.saveCurve(title, now.history());
            }

            /// What early stopping may have put back, or a run that was at its end already.
            @Override
            public void onTrainEnd(TrainingRun now) throws IOException {
                if (!saved || settings.patience() >= 0) {
                    save(now);
                }
            }

            private void save(TrainingRun now) throws IOException {
                Map<String, String> text = job.info.toText();
                text.put("data", job.name);
                text.put("seed", Long.toString(settings.seed()));
                text.put("epoch", Integer.toString(now.epoch()));
                try (Context.Mode _ = now.averages()) {
                    run.saveWeights(now.model(), text, now.epoch());
                }
            }
        };
    }

    private void finish(RunFolder run, Training training, Job job, Module model, Device device, String title)
            throws IOException {
        TrainingData images = job.images;
        TextData text = job.text;
        if (images != null) {
            run.saveSamples(title + ", test set", images.names(),
                Training.predictions(model, images, device, SAMPLES));
            if (training.confusion().length > 0) {
                ConfusionPicture.write(run.file(RunFolder.CONFUSION), title + ", test set", images.names(),
                    training.confusion());
            }
        }
        if (text != null && model instanceof LanguageModel m) {
            long[] symbols = m.generate(new long[] {0}, WRITTEN, new Sampling().temperature(0.8));
            run.saveText(String.join("", text.vocabulary().decode(symbols)));
        }
    }

    private static Map<String, @Nullable Object> summary(Recipe recipe, Job job, Device device,
            Training.Settings settings, Training.Outcome outcome, double seconds, FirstBatch first) {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("recipe", recipe.name());
        line.put("device", device.toString());
        line.put("epochs", settings.epochs());
        line.put("trainLoss", outcome.last().get("loss"));
        line.put("testAccuracy", outcome.last().get("val_accuracy"));
        line.put("samplesPerSecond", outcome.samplesPerSecond());
        line.put("seconds", seconds);
        line.put("peakRssBytes", Options.peakRss());
        line.put("data", job.name);
        line.put("seed", settings.seed());
        line.put("testLoss", outcome.last().get("val_loss"));
        line.put("firstBatchSeconds", first.seconds());
        if (recipe.text()) {
            line.put("testPerplexity", outcome.last().get("val_perplexity"));
        }
        return line;
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
