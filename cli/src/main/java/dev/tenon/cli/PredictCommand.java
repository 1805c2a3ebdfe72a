package dev.tenon.cli;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.data.HostArray;
import dev.tenon.data.format.Npy;
import dev.tenon.data.image.ImageFiles;
import dev.tenon.data.text.Tokenizer;
import dev.tenon.data.text.Vocabulary;
import dev.tenon.data.transform.Normalize;
import dev.tenon.data.transform.Resize;
import dev.tenon.data.transform.ToTensor;
import dev.tenon.data.transform.Transform;
import dev.tenon.nn.Module;
import dev.tenon.nn.models.LanguageModel;
import dev.tenon.nn.models.Sampling;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `tenon predict`: what the network of a run says of images, or how it continues a text.
@Command(
    name = "predict",
    description = "Says which classes a trained network sees in images, or continues a text.",
    mixinStandardHelpOptions = true)
final class PredictCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN_FOLDER", description = "What `tenon train --out` has written.")
    private Path folder = Path.of(".");

    @Option(names = "--input", required = true, paramLabel = "PATH", description = "An image file, a folder of image"
        + " files, or a .npy file: one sample [channels, height, width] (grey also without channels) or several, as"
        + " bytes from 0 to 255 or as floats from 0 to 1. For a model of texts, a text file to be continued.")
    private Path input = Path.of(".");

    @Option(names = "--top", paramLabel = "N", description = "How many classes are shown. Default: 5, or all that"
        + " there are.")
    private int top = 5;

    @Option(names = "--length", paramLabel = "N", description = "How many characters are added to a text. Default:"
        + " 400.")
    private int length = 400;

    @Option(names = "--temperature", paramLabel = "T", description = "Of a text: 0 takes the likeliest character, 1"
        + " draws as the model says. Default: 0.8.")
    private double temperature = 0.8;

    @Option(names = "--seed", paramLabel = "N", description = "Of what is drawn. Default: 1.")
    private long seed = 1;

    @Option(names = "--device", paramLabel = "NAME", description = "Such as cpu or cuda:0. Default: the best there is.")
    private @Nullable String deviceName;

    @Option(names = "--json", description = "A line of JSON for each sample.")
    private boolean json;

    @Option(names = "--debug", description = "Where something fails, the whole stack trace.")
    private boolean debug;

    PredictCommand() {}

    /// A sample, and where it is from.
    private record Named(String name, HostArray image) {}

    @Override
    public Integer call() throws IOException {
        Options.count("--top", top, 1 << 20);
        Options.count("--length", length, 1 << 24);
        Device device = Options.device(deviceName);
        RunInfo info = RunInfo.read(folder);
        Module model = info.model(folder);
        model.to(device);
        PrintWriter out = Main.out(spec);
        if (info.vocabulary() != null && model instanceof LanguageModel m) {
            text(info.vocabulary(), m, out);
        } else {
            for (Named sample : samples(info)) {
                image(info, model, device, sample, out);
            }
        }
        out.flush();
        return 0;
    }

    private void text(Vocabulary vocabulary, LanguageModel model, PrintWriter out) {
        String prompt;
        try {
            // The line end that editors leave at the end of a file is not meant.
            prompt = Files.readString(input).replaceFirst("\\R\\z", "");
        } catch (IOException e) {
            throw new UsageException("--input " + input + ": cannot be read as a text (" + e.getMessage() + ")", e);
        }
        List<String> tokens = Tokenizer.characters().tokens(prompt);
        if (tokens.isEmpty()) {
            throw new UsageException("--input " + input + ": is empty; there is nothing to go on from");
        }
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new UsageException("--temperature " + temperature + ": expected a number, at least 0");
        }
        tokens.stream().filter(t -> !vocabulary.contains(t)).findFirst().ifPresent(t -> {
            throw new UsageException("--input " + input + ": the character \"" + t + "\" was not in the text that the"
                + " model has learned from");
        });
        long[] numbers = Arrays.stream(vocabulary.encode(tokens)).asLongStream().toArray();
        long[] more = model.generate(numbers, length,
            new Sampling().temperature(temperature).generator(new Generator(seed)));
        String said = String.join("", vocabulary.decode(more));
        if (json) {
            Map<String, @Nullable Object> line = new LinkedHashMap<>();
            line.put("input", input.toString());
            line.put("text", said);
            out.println(Json.line(line));
        } else {
            out.println(prompt + said);
        }
    }

    // --- images

    private List<Named> samples(RunInfo info) {
        ImageFiles.Mode mode = info.options().inChannels() == 1 ? ImageFiles.Mode.GREY : ImageFiles.Mode.RGB;
        List<Named> out = new ArrayList<>();
        try {
            if (Files.isDirectory(input)) {
                List<Path> files;
                try (Stream<Path> all = Files.list(input)) {
                    files = all.filter(PredictCommand::isImage).sorted().toList();
                }
                for (Path f : files) {
                    out.add(new Named(String.valueOf(f.getFileName()), ImageFiles.read(f, mode)));
                }
                if (out.isEmpty()) {
                    throw new UsageException("--input " + input + ": the folder holds no image files ("
                        + String.join(", ", ImageFiles.extensions()) + ")");
                }
            } else if (input.toString().endsWith(".npy")) {
                out.addAll(arrays(Npy.readHost(input), info));
            } else {
                out.add(new Named(String.valueOf(input.getFileName()), ImageFiles.read(input, mode)));
            }
        } catch (IOException e) {
            throw new UsageException("--input " + input + ": "
                + (Files.exists(input) ? e.getMessage() : "no such file or folder"), e);
        }
        return out;
    }

    private static boolean isImage(Path p) {
        String name = p.getFileName().toString();
        return ImageFiles.extensions().contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }

    private List<Named> arrays(HostArray array, RunInfo info) {
        int channels = info.options().inChannels();
        Shape s = array.shape();
        boolean flat = channels == 1 && (s.rank() == 2 || s.rank() == 3 && s.dim(0) != 1);
        Shape whole = flat ? s.inserted(s.rank() - 2, 1) : s;
        whole = whole.rank() == 3 ? whole.inserted(0, 1) : whole;
        if (whole.rank() != 4 || whole.dim(1) != channels || whole.elements() == 0
                || array.dtype() != DType.U8 && !array.dtype().isFloating()) {
            throw new UsageException("--input " + input + ": holds " + array.dtype() + s + "; expected u8 or floats ["
                + channels + ", height, width], or several of them");
        }
        Shape one = whole.without(0);
        long bytes = one.elements() * array.dtype().bytes();
        List<Named> out = new ArrayList<>();
        for (long i = 0; i < whole.dim(0); i++) {
            HostArray part = new HostArray(array.dtype(), one, array.memory().asSlice(i * bytes, bytes));
            out.add(new Named(input.getFileName() + "[" + i + "]", part));
        }
        return out;
    }

    private void image(RunInfo info, Module model, Device device, Named sample, PrintWriter out) {
        Transform toFloat = sample.image.dtype() == DType.U8 ? new ToTensor() : (x, _) -> floats(x);
        Transform all = Transform.compose(toFloat, new Resize(info.options().height(), info.options().width()),
            new Normalize(info.mean(), info.deviation()));
        HostArray ready = all.apply(sample.image, new SplittableRandom(0));
        float[] p;
        try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
            Tensor x = ready.toTensor(device).unsqueeze(0);
            p = model.call(x).softmax(1).toFloatArray();
        }
        Integer[] order = new Integer[p.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Float.compare(p[b], p[a]));
        List<Integer> best = List.of(order).subList(0, Math.min(top, p.length));
        if (json) {
            Map<String, @Nullable Object> line = new LinkedHashMap<>();
            line.put("input", sample.name);
            line.put("class", info.className(best.getFirst()));
            line.put("probability", (double) p[best.getFirst()]);
            List<Object> more = new ArrayList<>();
            for (int c : best) {
                Map<String, @Nullable Object> each = new LinkedHashMap<>();
                each.put("index", c);
                each.put("class", info.className(c));
                each.put("probability", (double) p[c]);
                more.add(each);
            }
            line.put("top", more);
            out.println(Json.line(line));
            return;
        }
        StringBuilder s = new StringBuilder(sample.name).append(':');
        for (int c : best) {
            s.append(String.format(Locale.ROOT, "%s %s %.2f %%", c == best.getFirst() ? "" : ",", info.className(c),
                100 * p[c]));
        }
        out.println(s);
    }

    private static HostArray floats(HostArray x) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            return HostArray.of(x.toTensor(Device.getDefault()).to(DType.F32).toFloatArray(), x.shape());
        }
    }
}
