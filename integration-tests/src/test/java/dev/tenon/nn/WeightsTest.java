package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.format.Safetensors;
import dev.tenon.nn.init.Gain;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.models.DenseNet;
import dev.tenon.nn.models.GPT;
import dev.tenon.nn.models.GoogLeNet;
import dev.tenon.nn.models.LanguageModel;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import dev.tenon.nn.models.ResNet;
import dev.tenon.nn.models.Sampling;
import dev.tenon.nn.models.VisionTransformer;
import dev.tenon.nn.models.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Weights in files, by the names that they had at one time or another; and what language models write.
class WeightsTest {
    @TempDir
    private Path folder;

    private Path saved(Map<String, Tensor> state) throws IOException {
        Path file = folder.resolve("w.safetensors");
        Safetensors.write(file, state, Map.of());
        return file;
    }

    private static Map<String, Tensor> renamed(Module model, UnaryOperator<String> name) {
        Map<String, Tensor> out = new LinkedHashMap<>();
        model.stateDict().forEach((n, t) -> out.put(name.apply(n), t));
        return out;
    }

    private static void assertSame(Module want, Module got) {
        Map<String, Tensor> a = want.stateDict();
        Map<String, Tensor> b = got.stateDict();
        assertEquals(a.keySet(), b.keySet());
        a.forEach((name, t) -> assertTrue(t.equal(b.get(name)), name));
    }

    @Test
    void theFileTellsClassesAndChannels() throws IOException {
        Module model = Models.create("resnet18", new ModelOptions().numClasses(7).inChannels(1));
        ResNet loaded = Models.resnet18(Weights.of(saved(model.stateDict())));
        assertSame(model, loaded);
        assertTrue(loaded.isTraining());
        Module lenet = Models.create("lenet5", new ModelOptions().numClasses(3).imageSize(20, 20));
        assertSame(lenet, Models.create("lenet5", Weights.of(saved(lenet.stateDict()))));
        Module gpt = Models.create("gpt_mini", new ModelOptions().numClasses(11).context(16));
        assertSame(gpt, Models.create("gpt_mini", Weights.of(saved(gpt.stateDict()))));
    }

    /// Whatever the length of the header, whose bytes come first, such as those of a pickle.
    @Test
    void headersOfEveryLength() throws IOException {
        Path file = folder.resolve("w.safetensors");
        // Headers are filled up to multiples of eight.
        for (int n = 0; n < 768; n += 8) {
            Safetensors.write(file, Map.of("w", Tensors.ones(2)), Map.of("text", "x".repeat(n)));
            assertEquals(Map.of("w", Shape.of(2)), Weights.of(file).shapes());
        }
    }

    @Test
    void densenetsWithDotsInTheNamesAndWithoutCounters() throws IOException {
        var a = new DenseNet.Architecture(4, List.of(2, 2, 2), 8, true);
        DenseNet model = new DenseNet(a, new ModelOptions());
        Map<String, Tensor> old = renamed(model,
                n -> n.replaceFirst("(denselayer\\d+\\.(?:norm|conv))([12]\\.)", "$1.$2"));
        old.keySet().removeIf(n -> n.endsWith("num_batches_tracked"));
        assertTrue(old.containsKey("features.denseblock1.denselayer2.norm.1.weight"));
        DenseNet fresh = new DenseNet(a, new ModelOptions());
        Weights.of(saved(old)).loadInto(fresh);
        assertSame(model, fresh);
    }

    @Test
    void visionTransformersWithNamedMaps() throws IOException {
        var a = new VisionTransformer.Architecture(4, 2, 2, 8, 16);
        var options = new ModelOptions().imageSize(8, 8).numClasses(3);
        var model = new VisionTransformer(a, options);
        Map<String, Tensor> old = renamed(model,
                n -> n.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."));
        var fresh = new VisionTransformer(a, options);
        Weights.of(saved(old)).loadInto(fresh);
        assertSame(model, fresh);
    }

    @Test
    void prefixesAndMasksOfPublishedDecoders() throws IOException {
        var options = new ModelOptions().numClasses(11).context(8);
        Module model = Models.create("gpt_mini", options);
        Map<String, Tensor> file = renamed(model, n -> "transformer." + n);
        file.put("transformer.h.0.attn.bias", Tensors.ones(1, 1, 8, 8));
        file.put("lm_head.weight", model.stateDict().get("wte.weight"));
        assertSame(model, Models.create("gpt_mini", Weights.of(saved(file))));
    }

    @Test
    void allMisfitsAtOnce() throws IOException {
        Module model = Models.create("resnet20_cifar", 10);
        Map<String, Tensor> state = model.stateDict();
        state.remove("conv1.weight");
        state.put("conv9.weight", Tensors.ones(1));
        state.put("fc.bias", Tensors.ones(4));
        Weights weights = Weights.of(saved(state));
        Module fresh = Models.create("resnet20_cifar", 10);
        Tensor before = fresh.stateDict().get("fc.weight").clone();
        String message = assertThrows(IllegalArgumentException.class, () -> weights.loadInto(fresh)).getMessage();
        for (String part : List.of("w.safetensors: ", "1 missing in the state: conv1.weight",
                "1 unexpected in the state: conv9.weight", "fc.bias (the module has [10], the state [4])",
                "Nothing was loaded")) {
            assertTrue(message.contains(part), message);
        }
        assertTrue(before.equal(fresh.stateDict().get("fc.weight")));
        String other = assertThrows(IllegalArgumentException.class, () -> Models.vgg11(weights)).getMessage();
        assertTrue(other.contains("holds no \"classifier.6.weight\""), other);
    }

    @Test
    void googlenetAsPublished() throws IOException {
        GoogLeNet trained = new GoogLeNet(new ModelOptions().numClasses(5), true, true);
        // The first weights are so small that outputs hardly depend on the input.
        trained.parameters().stream().filter(p -> p.shape().rank() == 4)
                .forEach(p -> Init.kaimingNormal(p.get(), Init.FanMode.FAN_IN, Gain.RELU));
        GoogLeNet loaded = Models.googlenet(Weights.of(saved(trained.stateDict())));
        assertFalse(loaded.stateDict().containsKey("aux1.fc1.weight"));
        Module plain = Models.create("googlenet", Weights.of(folder.resolve("w.safetensors")));
        Tensor x = Tensors.rand(1, 3, 32, 32);
        try (Context.Mode _ = Context.noGrad()) {
            Tensor want = trained.eval().call(x);
            assertTrue(want.allClose(loaded.eval().call(x), 1e-5, 1e-6, false));
            assertFalse(want.allClose(plain.eval().call(x), 1e-3, 1e-4, false));
        }
        // Channel by channel: normalised by ImageNet's numbers, as if by 0.5 and 0.5.
        Tensor scaled = x.mul(Tensors.of(0.458, 0.448, 0.45).to(x.dtype()).reshape(3, 1, 1))
                .add(Tensors.of(-0.03, -0.088, -0.188).to(x.dtype()).reshape(3, 1, 1));
        try (Context.Mode _ = Context.noGrad()) {
            assertTrue(loaded.call(x).allClose(plain.call(scaled), 1e-4, 1e-5, false));
        }
        trained.train();
        var out = trained.callWithAuxiliary(Tensors.rand(2, 3, 32, 32));
        assertEquals(out.logits().shape(), out.aux1().shape());
        assertEquals(out.logits().shape(), out.aux2().shape());
    }

    @Test
    void languageModelsWrite() {
        Tensors.manualSeed(5);
        for (String name : List.of("char_lstm", "gpt_mini")) {
            Module model = Models.create(name, new ModelOptions().numClasses(9).context(6));
            LanguageModel writer = (LanguageModel) model;
            long[] prompt = {1, 2, 3};
            long[] likeliest = writer.generate(prompt, 8, new Sampling().temperature(0));
            assertEquals(8, likeliest.length);
            assertTrue(model.isTraining());
            assertArrayEquals(likeliest, writer.generate(prompt, 8, new Sampling().topK(1)));
            var random = new Sampling().temperature(1.5).topK(4);
            long[] once = writer.generate(prompt, 8, random.generator(new Generator(1)));
            assertArrayEquals(once, writer.generate(prompt, 8, random.generator(new Generator(1))));
            long[] far = writer.generate(prompt, 60, new Sampling().temperature(100).generator(new Generator(2)));
            assertTrue(LongStream.of(far).distinct().count() > 5);
            // Symbol by symbol with the state, and all at once.
            model.eval();
            try (Context.Mode _ = Context.noGrad()) {
                Tensor logits = model.call(Tensors.of(1L, 2L, 3L).unsqueeze(0));
                assertEquals(likeliest[0], logits.select(0, 0).select(0, -1).argmax().itemLong());
                Tensor next = model.call(Tensors.of(1L, 2L, 3L, likeliest[0]).unsqueeze(0));
                assertEquals(likeliest[1], next.select(0, 0).select(0, -1).argmax().itemLong());
            }
            assertThrows(IllegalArgumentException.class, () -> writer.generate(new long[0], 1, random));
            assertThrows(IllegalArgumentException.class, () -> writer.generate(new long[] {9}, 1, random));
        }
        assertEquals(6, ((GPT) Models.create("gpt_mini", new ModelOptions().context(6))).context());
        assertThrows(IllegalArgumentException.class, () -> new Sampling().temperature(-1));
    }
}
