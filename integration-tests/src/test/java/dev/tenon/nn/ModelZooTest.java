package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.models.ModelEntry;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import dev.tenon.nn.models.PublishedWeights;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// What the models of the zoo consist of and start with is what PyTorch and torchvision have, as
/// `model_parity.py` of the conformance tests listed it in `zoo-names.txt` and `zoo-init.txt`.
class ModelZooTest {
    private static List<String[]> lines(String resource) throws IOException {
        try (var in = new BufferedReader(new InputStreamReader(
                ModelZooTest.class.getResourceAsStream(resource), StandardCharsets.UTF_8))) {
            return in.lines().filter(l -> !l.startsWith("#")).map(l -> l.split(" ")).toList();
        }
    }

    @Test
    void namesAndShapesAreThoseOfPyTorch() throws IOException, NoSuchAlgorithmException {
        List<String[]> wanted = lines("zoo-names.txt");
        assertEquals(wanted.stream().map(w -> w[0]).toList(), Models.names());
        for (String[] want : wanted) {
            Module model = MetaBackend.skeleton(Models.entry(want[0]), new ModelOptions());
            Map<String, Tensor> state = model.stateDict();
            String listing = state.entrySet().stream()
                    .map(e -> e.getKey() + " " + e.getValue().shape().toString().replaceAll("[\\[\\] ]", "") + "\n")
                    .collect(Collectors.joining());
            assertEquals(Long.parseLong(want[1]), model.parameterCount(), want[0]);
            assertEquals(Integer.parseInt(want[2]), state.size(), want[0]);
            String hash = HexFormat.of().formatHex(
                    MessageDigest.getInstance("SHA-256").digest(listing.getBytes(StandardCharsets.UTF_8)));
            assertEquals(want[3], hash, () -> want[0] + " has other names or shapes than PyTorch's:\n" + listing);
        }
    }

    @Test
    void publishedNumbersOfParameters() {
        Map<String, Long> published = Map.of("resnet18", 11_689_512L, "resnet50", 25_557_032L, "vgg16", 138_357_544L,
                "googlenet", 6_624_904L, "densenet121", 7_978_856L, "resnext50_32x4d", 25_028_904L,
                "vit_b_16", 86_567_656L, "gpt2", 124_439_808L, "densenet100_cifar", 769_162L, "lenet5", 61_706L);
        published.forEach((name, count) -> {
            Module model = MetaBackend.skeleton(Models.entry(name), new ModelOptions());
            assertEquals(count, model.parameterCount(), name);
        });
    }

    @Test
    void shapesOfOutputs() {
        for (ModelEntry e : Models.all().values()) {
            Module model = MetaBackend.skeleton(e, new ModelOptions().numClasses(7));
            Shape sample = e.input();
            try (Context.Mode _ = Context.noGrad()) {
                DType dtype = e.isLanguageModel() ? DType.I64 : DType.F32;
                Tensor x = Tensors.zeros(Shape.of(2).concat(sample), dtype, MetaBackend.device());
                Shape expected = e.isLanguageModel() ? Shape.of(2, sample.dim(0), 7) : Shape.of(2, 7);
                assertEquals(expected, model.eval().call(x).shape(), e.name());
                if (e.leastSize() > 0) {
                    Tensor least = Tensors.zeros(Shape.of(2, sample.dim(0), e.leastSize(), e.leastSize()), dtype,
                            MetaBackend.device());
                    assertEquals(expected, model.call(least).shape(), e.name());
                }
            }
        }
    }

    @Test
    void fittedToOtherImages() {
        for (String name : List.of("lenet5", "resnet18_cifar", "resnet50", "densenet40_cifar", "vgg11_bn", "alexnet",
                "googlenet", "vit_b_32")) {
            Module model = MetaBackend.skeleton(Models.entry(name), new ModelOptions().numClasses(4).inChannels(2)
                    .imageSize(64, 96));
            Tensor x = Tensors.zeros(Shape.of(1, 2, 64, 96), DType.F32, MetaBackend.device());
            try (Context.Mode _ = Context.noGrad()) {
                assertEquals(Shape.of(1, 4), model.eval().call(x).shape(), name);
            }
        }
        var small = new ModelOptions().imageSize(11, 28);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Models.create("lenet5", small)).getMessage()
                .contains("at least 12 x 12"));
        var odd = new ModelOptions().imageSize(100, 100);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Models.create("vit_b_16", odd)).getMessage()
                .contains("multiples of the patches' edge 16"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Models.create("resnet19")).getMessage()
                .startsWith("no model \"resnet19\"; there are lenet5, lenet5_modern, alexnet,"));
    }

    /// The mean, deviation and largest value of each parameter, as far as random numbers of their number allow. The
    /// large models are built with `-Dtenon.zoo.all=true` only.
    @Test
    void parametersStartAsInTorchvision() throws IOException {
        Map<String, List<String[]>> byModel = lines("zoo-init.txt").stream()
                .collect(Collectors.groupingBy(l -> l[0], LinkedHashMap::new, Collectors.toList()));
        assertEquals(10, byModel.size());
        List<String> wrong = new ArrayList<>();
        boolean all = Boolean.getBoolean("tenon.zoo.all");
        Tensors.manualSeed(3);
        byModel.forEach((name, wanted) -> {
            if (!all && List.of("alexnet", "vgg11_bn", "resnext50_32x4d", "vit_b_32").contains(name)) {
                return;
            }
            Map<String, Parameter> parameters = Models.create(name).namedParameters();
            assertEquals(wanted.stream().map(w -> w[1]).toList(), List.copyOf(parameters.keySet()));
            for (String[] want : wanted) {
                try (Context.Mode _ = Context.noGrad()) {
                    check(name, want, parameters.get(want[1]).get(), wrong);
                }
            }
            parameters.values().forEach(p -> p.get().close());
        });
        assertEquals(List.of(), wrong);
    }

    private static void check(String model, String[] want, Tensor p, List<String> wrong) {
        double n = p.elements();
        double wantMean = Double.parseDouble(want[3]);
        double wantDeviation = Double.parseDouble(want[4]);
        double wantMost = Double.parseDouble(want[5]);
        double mean = p.mean().item();
        double deviation = n == 1 ? 0 : Math.sqrt(p.var().item() * (n - 1) / n);
        double most = p.abs().max().item();
        if (wantMost == 2) {
            // PyTorch's truncated normal numbers in F32 are sometimes infinite and then cut off at the limits, two
            // hundred deviations out; ours never.
            wantMost = 0.05;
            wantDeviation = 0.01;
        }
        // Both are drawn at random: six deviations of the difference.
        double meanTolerance = 6 * Math.sqrt(2 / n) * wantDeviation + 1e-7;
        double deviationTolerance = 6 / Math.sqrt(n) * wantDeviation + 1e-3 * wantDeviation + 1e-12;
        double mostTolerance = (n > 500 ? 0.5 : 1) * wantMost;
        if (!(Math.abs(mean - wantMean) <= meanTolerance)
                || !(Math.abs(deviation - wantDeviation) <= deviationTolerance)
                || !(Math.abs(most - wantMost) <= mostTolerance)) {
            wrong.add(model + " " + want[1] + ": mean " + mean + ", deviation " + deviation + ", largest " + most
                    + "; torchvision " + wantMean + ", " + wantDeviation + ", " + wantMost);
        }
    }

    @Test
    void publishedWeights() {
        for (PublishedWeights w : PublishedWeights.values()) {
            assertTrue(Models.names().contains(w.model()), w.model());
            assertTrue(w.checksum().matches("[0-9a-f]{8}"), w.checksum());
            assertEquals("https", w.source().getScheme());
        }
        assertEquals("https://download.pytorch.org/models/resnet101-63fe2227.pth",
                PublishedWeights.RESNET101_V1.source().toString());
    }
}
