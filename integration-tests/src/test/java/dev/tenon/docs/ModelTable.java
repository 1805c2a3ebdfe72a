package dev.tenon.docs;

import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensors;
import dev.tenon.nn.MetaBackend;
import dev.tenon.nn.Module;
import dev.tenon.nn.Summary;
import dev.tenon.nn.models.ModelEntry;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import dev.tenon.nn.models.PublishedWeights;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// Writes docs/models.md: every model of the zoo with its size, what a pass takes, and where it comes from.
final class ModelTable {
    private static final String HEAD = """
            # Models

            Generated from the code by `ModelTableTest`; do not edit. To write it anew:
            `mvn -pl integration-tests -am test -Dtest=ModelTableTest -Dsurefire.failIfNoSpecifiedTests=false \
            -Dtenon.docs.write=true`.

            All are in `dev.tenon.nn.models`. Parameters have the names, shapes and first values that torchvision 0.14
            gives them (GPT-2's those of its published files), and outputs and gradients are PyTorch's:

            ```java
            ResNet fresh = Models.resnet18(10);                           // random numbers, 10 classes
            Module grey = Models.create("densenet40_cifar", new ModelOptions().inChannels(1));
            Module model = Models.create("vgg16_bn", 10);                 // any of the names below
            ```

            ## Trained weights

            `Weights.of(path)` takes a state dict in safetensors or PyTorch's `.pt` and `.pth`, and the model built for
            it has the number of classes, channels and positions that the file has. All names that are missing or
            unexpected, and all shapes that differ, are reported at once, and then nothing is loaded.

            ```java
            ResNet trained = Models.resnet101(Weights.of(Path.of("resnet101-63fe2227.pth")));
            trained.eval();
            ResNet fetched = Models.resnet50(PublishedWeights.RESNET50_V2.download());
            Weights.of(path).loadInto(module);                            // any module of your own
            ```

            Nothing is fetched unless `download()` is called; files go to `~/.cache/tenon` or `-Dtenon.cache`, and their
            checksum is that in their name. `Models.googlenet(weights)` transforms its input as torchvision's
            `pretrained=True` does; `Models.create("googlenet", weights)` does not.

            A language model writes, `prompt` being numbers of symbols:
            `Models.gpt2(weights).generate(prompt, 40, new Sampling().temperature(0.8).topK(40))`.
            While all symbols fit into the context, keys and values are remembered, so that each step computes one
            symbol; in a loop of one's own, `gpt.call(symbols, cache)` with a `gpt.cache(n, room)` does so.

            ## Table

            *Multiply-adds* are those of matrix products and convolutions for one sample of the shape given.
            *PublishedWeights* are the endings of its constants for the model.

            | name | parameters | input | multiply-adds | source | PublishedWeights |
            |---|---:|---|---:|---|---|
            """;

    private ModelTable() {}

    static String text() {
        return HEAD + Models.all().values().stream().map(ModelTable::row).collect(Collectors.joining());
    }

    private static String row(ModelEntry e) {
        Module model = MetaBackend.skeleton(e, new ModelOptions());
        try (Scope _ = Scope.open()) {
            var x = Tensors.zeros(Shape.of(1).concat(e.input()), e.isLanguageModel() ? DType.I64 : DType.F32,
                    MetaBackend.device());
            Summary s = Summary.of(model, x);
            String input = e.input().toString().replaceAll("[\\[\\] ]", "").replace(",", " x ");
            String weights = Arrays.stream(PublishedWeights.values()).filter(w -> w.model().equals(e.name()))
                    .map(w -> w.name().substring(e.name().length() + 1)).collect(Collectors.joining(", "));
            return String.format(Locale.ROOT, "| `%s` | %,d | %s%s | %s | %s | %s |\n", e.name(),
                    s.totals().parameters(), input, e.isLanguageModel() ? " symbols" : "",
                    millions(s.totals().multiplyAdds()), e.paper(), weights.isEmpty() ? "–" : weights);
        }
    }

    private static String millions(long n) {
        return n < 1_000_000_000 ? String.format(Locale.ROOT, "%.1f M", n / 1e6)
                : String.format(Locale.ROOT, "%.2f G", n / 1e9);
    }
}
