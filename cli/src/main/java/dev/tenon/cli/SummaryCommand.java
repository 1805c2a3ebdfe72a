package dev.tenon.cli;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Summary;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.models.ModelEntry;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `tenon summary`: the layers of a model, its parameters, multiply-adds and memory.
@Command(
    name = "summary",
    description = "Prints a model's layers with output shapes, parameters, multiply-adds and memory.",
    mixinStandardHelpOptions = true)
final class SummaryCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A recipe of `tenon train` or a model of the zoo, such"
        + " as lenet5 or resnet50; a name that is none lists them all.")
    private String name = "";

    @Option(names = "--input", paramLabel = "SHAPE", description = "Of one sample: 3x224x224 for images of three"
        + " channels, 128 for a text of 128 symbols. Default: the model's usual.")
    private @Nullable String input;

    @Option(names = "--classes", paramLabel = "N", description = "Classes, or symbols of a model of texts. Default: the"
        + " model's usual.")
    private @Nullable Integer classes;

    @Option(names = "--batch-size", paramLabel = "N", description = "Samples at once. Default: 1.")
    private int batchSize = 1;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    SummaryCommand() {}

    @Override
    public Integer call() {
        Recipe recipe = Recipe.of(name);
        Options.count("--batch-size", batchSize, 1 << 20);
        int count = classes == null ? 0 : Options.count("--classes", classes, 1 << 24);
        long[] sample = input == null ? usual(recipe) : shape(input, recipe);
        ModelOptions fit = recipe.text() ? new ModelOptions().numClasses(count).context((int) sample[0])
            : new ModelOptions().numClasses(count == 0 ? usualClasses(recipe) : count).inChannels((int) sample[0])
                .imageSize((int) sample[1], (int) sample[2]);
        Summary s;
        try (Context.Mode _ = Init.skippingRandom()) {
            Module model = recipe.model().of(fit);
            Shape whole = Shape.of(sample).inserted(0, batchSize);
            Tensor x = Tensors.zeros(whole, recipe.text() ? DType.I64 : DType.F32, Device.getDefault());
            s = Summary.of(model, x);
        } catch (UsageException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new UsageException("--input " + (input == null ? Shape.of(sample).toString() : input)
                + " does not suit " + name + ": " + e.getMessage(), e);
        }
        PrintWriter out = Main.out(spec);
        out.println(json ? Json.line(json(s)) : s.toString());
        out.flush();
        return 0;
    }

    private static int usualClasses(Recipe recipe) {
        return Models.all().containsKey(recipe.name()) && Recipe.OWN.stream().noneMatch(r -> r.name().equals(
            recipe.name())) ? Models.entry(recipe.name()).numClasses() : 10;
    }

    private static long[] usual(Recipe recipe) {
        ModelEntry e = Models.all().get(recipe.name());
        if (e != null && Recipe.OWN.stream().noneMatch(r -> r.name().equals(recipe.name()))) {
            return e.input().toArray();
        }
        return recipe.text() ? new long[] {128} : new long[] {1, 28, 28};
    }

    private static long[] shape(String text, Recipe recipe) {
        long[] dims;
        try {
            dims = Arrays.stream(text.split("[x,]")).mapToLong(Long::parseLong).toArray();
        } catch (NumberFormatException e) {
            throw new UsageException("--input " + text + ": expected numbers with x between them, such as 3x224x224",
                e);
        }
        if (dims.length != (recipe.text() ? 1 : 3) || Arrays.stream(dims).anyMatch(d -> d < 1 || d > 1 << 20)) {
            throw new UsageException("--input " + text + ": expected " + (recipe.text() ? "the number of symbols of a"
                + " text, such as 128" : "channels, height and width, such as 3x224x224"));
        }
        return dims;
    }

    private static Map<String, @Nullable Object> json(Summary s) {
        List<Object> layers = new ArrayList<>();
        for (Summary.Row r : s.rows()) {
            Map<String, @Nullable Object> row = new LinkedHashMap<>();
            row.put("depth", r.depth());
            row.put("name", r.name());
            row.put("kind", r.kind());
            row.put("outputs", r.outputs().stream().map(o -> Arrays.stream(o.toArray()).boxed().toList()).toList());
            row.put("calls", r.calls());
            row.put("parameters", r.parameters());
            row.put("trainable", r.trainable());
            row.put("multiplyAdds", r.multiplyAdds());
            row.put("repeated", r.repeated());
            layers.add(row);
        }
        Map<String, @Nullable Object> out = new LinkedHashMap<>();
        out.put("model", s.model());
        out.put("input", Arrays.stream(s.input().toArray()).boxed().toList());
        out.put("parameters", s.totals().parameters());
        out.put("trainable", s.totals().trainable());
        out.put("buffers", s.totals().buffers());
        out.put("multiplyAdds", s.totals().multiplyAdds());
        out.put("inputBytes", s.totals().inputBytes());
        out.put("activationBytes", s.totals().activationBytes());
        out.put("parameterBytes", s.totals().parameterBytes());
        out.put("layers", layers);
        return out;
    }
}
