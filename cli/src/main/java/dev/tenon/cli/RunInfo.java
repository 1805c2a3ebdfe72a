package dev.tenon.cli;

import dev.tenon.data.format.Safetensors;
import dev.tenon.data.text.Tokenizer;
import dev.tenon.data.text.Vocabulary;
import dev.tenon.nn.Module;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the text in a run's file of weights tells: how to make the network again, and what its inputs and outputs mean.
///
/// @param recipe the word for the network
/// @param options what the network is fitted to
/// @param names of the classes; empty if they have none
/// @param mean what is subtracted from brightness 0 .. 1, for each channel; empty for texts
/// @param deviation by what it is divided then
/// @param vocabulary of a model of language, or null
record RunInfo(String recipe, ModelOptions options, List<String> names, double[] mean, double[] deviation,
        @Nullable Vocabulary vocabulary) {
    static RunInfo of(String recipe, ModelOptions options, TrainingData data) {
        return new RunInfo(recipe, options, data.names(), data.mean(), data.deviation(), null);
    }

    static RunInfo of(String recipe, ModelOptions options, TextData data) {
        return new RunInfo(recipe, options, List.of(), new double[0], new double[0], data.vocabulary());
    }

    Map<String, String> toText() {
        Map<String, String> out = new LinkedHashMap<>();
        out.put("recipe", recipe);
        out.put("numClasses", Integer.toString(options.numClasses()));
        out.put("inChannels", Integer.toString(options.inChannels()));
        out.put("height", Integer.toString(options.height()));
        out.put("width", Integer.toString(options.width()));
        out.put("context", Integer.toString(options.context()));
        if (!names.isEmpty()) {
            out.put("classes", String.join("\n", names));
        }
        if (mean.length > 0) {
            out.put("mean", numbers(mean));
            out.put("deviation", numbers(deviation));
        }
        if (vocabulary != null) {
            out.put("vocabulary", String.join("", vocabulary.tokens()));
        }
        return out;
    }

    private static String numbers(double[] values) {
        return Arrays.stream(values).mapToObj(Double::toString).collect(Collectors.joining(" "));
    }

    /// @throws UsageException if the folder holds no weights, or they are none that `tenon train` has written
    static RunInfo read(Path folder) {
        Path file = folder.resolve(RunFolder.WEIGHTS);
        Map<String, String> text;
        try (Safetensors weights = Safetensors.open(file)) {
            text = weights.metadata();
        } catch (IOException e) {
            throw new UsageException(folder + " is no folder of a run: " + file.getFileName() + " cannot be read ("
                + e.getMessage() + ")", e);
        }
        try {
            String vocabulary = text.get("vocabulary");
            return new RunInfo(word(text, "recipe"), new ModelOptions(number(text, "numClasses"),
                number(text, "inChannels"), number(text, "height"), number(text, "width"), number(text, "context")),
                text.containsKey("classes") ? List.of(word(text, "classes").split("\n", -1)) : List.of(),
                numbers(text.get("mean")), numbers(text.get("deviation")),
                vocabulary == null ? null : new Vocabulary(Tokenizer.characters().tokens(vocabulary)));
        } catch (IllegalArgumentException e) {
            throw new UsageException(file + " does not say how to make its network (" + e.getMessage()
                + "); it must be one that `tenon train` has written", e);
        }
    }

    private static String word(Map<String, String> text, String key) {
        String v = text.get(key);
        if (v == null) {
            throw new IllegalArgumentException("it has no \"" + key + "\"");
        }
        return v;
    }

    private static int number(Map<String, String> text, String key) {
        return Integer.parseInt(word(text, key));
    }

    private static double[] numbers(@Nullable String text) {
        return text == null ? new double[0] : Arrays.stream(text.split(" ")).mapToDouble(Double::parseDouble).toArray();
    }

    /// The network with its weights, in evaluation mode.
    Module model(Path folder) throws IOException {
        Module model = Recipe.of(recipe).model().of(options);
        Weights.of(folder.resolve(RunFolder.WEIGHTS)).loadInto(model);
        return model.eval();
    }

    String className(int c) {
        return c < names.size() ? names.get(c) : Integer.toString(c);
    }
}
