package dev.tenon.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensors;
import dev.tenon.data.DigitGenerator;
import dev.tenon.data.format.Npy;
import dev.tenon.data.format.Safetensors;
import dev.tenon.nn.models.Models;
import dev.tenon.report.EventFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `tenon train` with models of the zoo and texts, and `tenon predict` and `tenon summary` after it.
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RecipesTest {
    @TempDir
    private Path folder;

    private static Run run(Object... args) {
        List<String> all = new ArrayList<>();
        for (Object a : args) {
            all.add(a.toString());
        }
        return Run.of(all.toArray(String[]::new));
    }

    private static Run good(Object... args) {
        Run run = run(args);
        assertEquals(0, run.exitCode(), run.err());
        return run;
    }

    private static void refused(Run run, String... words) {
        assertEquals(2, run.exitCode(), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        for (String w : words) {
            assertTrue(run.err().contains(w), () -> w + " in: " + run.err());
        }
    }

    /// MNIST's files, small.
    private Path mnist(int train, int test) throws IOException {
        Path dir = Files.createDirectories(folder.resolve("mnist"));
        DigitGenerator g = new DigitGenerator(5);
        for (var set : List.of("train", "t10k")) {
            int n = set.equals("train") ? train : test;
            Files.write(dir.resolve(set + "-images-idx3-ubyte"), idx(g.images(0, n), n, 28, 28));
            Files.write(dir.resolve(set + "-labels-idx1-ubyte"), idx(g.labels(0, n), n));
        }
        return dir;
    }

    private static byte[] idx(byte[] data, int... shape) {
        ByteBuffer b = ByteBuffer.allocate(4 + 4 * shape.length + data.length);
        b.put(new byte[] {0, 0, 8, (byte) shape.length});
        for (int s : shape) {
            b.putInt(s);
        }
        return b.put(data).array();
    }

    private static List<String> names(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    /// Colour images of two classes: one red, one green.
    private Path colours() throws IOException {
        for (int i = 0; i < 10; i++) {
            for (String name : List.of("green", "red")) {
                var image = new BufferedImage(40 + i, 36, BufferedImage.TYPE_INT_RGB);
                for (int p = 0; p < image.getWidth() * 36; p++) {
                    int level = 120 + (p * 37 + i * 11) % 120;
                    image.setRGB(p % image.getWidth(), p / image.getWidth(), name.equals("red") ? level << 16
                        : level << 8);
                }
                Path file = folder.resolve("colours").resolve(name).resolve(i + ".png");
                Files.createDirectories(file.getParent());
                ImageIO.write(image, "png", file.toFile());
            }
        }
        return folder.resolve("colours");
    }

    @Test
    void aZooModelLearnsAFolderOfImagesAndPredictsNamesOfClasses() throws IOException {
        Path out = folder.resolve("out");
        Path images = colours();
        good("train", "resnet20_cifar", "--dataset", "folder:" + images, "--image-size", 16, "--epochs", 4,
            "--batch-size", 4, "--out", out, "--confusion", "--tensorboard", "--workers", 2);
        List<String> files = names(out);
        assertEquals(List.of("confusion.png", "curve.png"), files.subList(0, 2));
        Path events = out.resolve(files.get(2));
        assertTrue(EventFile.read(events).stream().anyMatch(e -> e.tag().equals("validation/accuracy")),
            files::toString);
        assertEquals(List.of("samples.png", "weights.safetensors"), files.subList(3, 5));
        Run said = good("predict", out, "--input", images.resolve("red"), "--json");
        assertEquals(10, said.out().lines().count(), said.out());
        for (String line : said.out().lines().toList()) {
            try (var json = new JsonFactory().createParser(line)) {
                while (json.nextToken() != null) {
                    if ("class".equals(json.currentName())) {
                        json.nextToken();
                        assertEquals("red", json.getText(), said.out());
                        break;
                    }
                }
            }
        }
        Run one = good("predict", out, "--input", images.resolve("green").resolve("3.png"), "--top", 1);
        assertTrue(one.out().startsWith("3.png: green "), one.out());
        assertEquals(1, one.out().lines().count());
        refused(run("predict", out, "--input", folder.resolve("nothing.png")), "nothing.png", "no such file");
        refused(run("predict", images, "--input", one.out().strip().substring(0, 5)), "no folder of a run");
        refused(run("predict", out), "--input");
    }

    @Test
    void arraysArePredictedAsBytesAndAsFloats() throws IOException {
        Path out = folder.resolve("out");
        good("train", "two-layer-net", "--dataset", "mnist", "--data", mnist(600, 100), "--epochs", 5, "--out", out);
        DigitGenerator g = new DigitGenerator(5);
        int n = 20;
        byte[] pixels = g.images(0, n);
        float[] levels = new float[pixels.length];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = (pixels[i] & 0xFF) / 255f;
        }
        try (Scope _ = Scope.open()) {
            var device = Device.getDefault();
            Npy.write(folder.resolve("bytes.npy"),
                Tensors.of(pixels, DType.U8, Shape.of(n, 28, 28), device));
            Npy.write(folder.resolve("floats.npy"), Tensors.of(levels, Shape.of(n, 1, 28, 28), device));
            Npy.write(folder.resolve("odd.npy"), Tensors.of(levels, Shape.of(n, 2, 392), device));
        }
        List<String> bytes = good("predict", out, "--input", folder.resolve("bytes.npy"), "--top", 2).out().lines()
            .map(l -> l.replace("bytes", "x")).toList();
        List<String> floats = good("predict", out, "--input", folder.resolve("floats.npy"), "--top", 2).out().lines()
            .map(l -> l.replace("floats", "x")).toList();
        assertEquals(bytes, floats);
        byte[] labels = g.labels(0, n);
        long right = 0;
        for (int i = 0; i < n; i++) {
            right += bytes.get(i).startsWith("x.npy[" + i + "]: " + labels[i] + " ") ? 1 : 0;
        }
        assertTrue(right > 14, bytes.toString());
        assertEquals(0, run("predict", out, "--input", folder.resolve("odd.npy"), "--top", 1).exitCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"char-rnn", "gpt"})
    void textsAreLearnedAndContinued(String recipe) throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "abcdefgh ".repeat(150));
        Path out = folder.resolve("out");
        Run run = good("train", recipe, "--data", text, "--context", 16, "--epochs", recipe.equals("gpt") ? 5 : 12,
            "--batch-size", 16, "--lr", 0.01, "--out", out, "--json");
        assertTrue(run.out().contains("\"testPerplexity\":1."), run.out());
        assertEquals(List.of("curve.png", "sample.txt", "weights.safetensors"), names(out));
        Path prompt = Files.writeString(folder.resolve("prompt.txt"), "abcd");
        Run said = good("predict", out, "--input", prompt, "--length", 9, "--temperature", 0);
        assertEquals("abcdefgh abcd", said.out().strip());
        Files.writeString(prompt, "xyz");
        refused(run("predict", out, "--input", prompt), "\"x\"");
        refused(run("train", recipe, "--data", folder.resolve("none.txt")), "no such file");
        refused(run("train", recipe, "--data", prompt), "--context");
        refused(run("train", recipe, "--dataset", "mnist"), "--data");
    }

    /// A run that is given more epochs goes on, and ends as one that had them from the beginning but for the schedule.
    @Test
    void aRunGoesOn() throws IOException {
        Path data = mnist(200, 50);
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        Object[] options = {"train", "mlp", "--data", data, "--schedule", "constant", "--ema", 0.9, "--clip", 1,
            "--accumulate", 2, "--batch-size", 20, "--amp", "bf16"};
        good(with(options, "--epochs", 4, "--out", whole));
        good(with(options, "--epochs", 2, "--out", parts, "--resume", "--checkpoint-every", 2));
        Run rest = good(with(options, "--epochs", 4, "--out", parts, "--resume", "--checkpoint-every", 2));
        assertTrue(rest.err().contains("going on after step 10"), rest.err());
        assertEquals(2, rest.err().lines().filter(l -> l.startsWith("epoch ")).count(), rest.err());
        try (var a = Safetensors.open(whole.resolve("weights.safetensors"));
                var b = Safetensors.open(parts.resolve("weights.safetensors")); Scope _ = Scope.open()) {
            for (String name : a.entries().keySet()) {
                var device = Device.getDefault();
                assertArrayEquals(a.read(name, device).toFloatArray(), b.read(name, device).toFloatArray(), name);
            }
        }
        Run again = good(with(options, "--epochs", 4, "--out", parts, "--resume"));
        assertEquals(0, again.err().lines().filter(l -> l.startsWith("epoch ")).count(), again.err());
    }

    private static Object[] with(Object[] options, Object... more) {
        List<Object> all = new ArrayList<>(List.of(options));
        all.addAll(List.of(more));
        return all.toArray();
    }

    @Test
    void aRunOfOtherOptionsDoesNotGoOn() throws IOException {
        Path data = mnist(100, 20);
        Path out = folder.resolve("out");
        good("train", "two-layer-net", "--data", data, "--epochs", 1, "--out", out, "--resume");
        refusedAfterTheHead(run("train", "two-layer-net", "--data", data, "--epochs", 2, "--out", out, "--resume",
            "--batch-size", 10), "--resume", "other options");
        refusedAfterTheHead(run("train", "mlp", "--data", data, "--epochs", 2, "--out", out, "--resume"), "--resume",
            "fc2");
    }

    private static void refusedAfterTheHead(Run run, String... words) {
        assertEquals(2, run.exitCode(), run.err());
        String last = run.err().lines().toList().getLast();
        for (String w : words) {
            assertTrue(last.contains(w), last);
        }
    }

    @Test
    void wrongOptionsAreSaidInOneLine() throws IOException {
        refused(run("train", "--dataset", "imagenet"), "imagenet", "cifar10");
        refused(run("train", "--dataset", "mnist"), "--data DIR");
        refused(run("train", "--dataset", "cifar10", "--data", folder), "data_batch_1.bin");
        refused(run("train", "--dataset", "folder:" + folder), folder.toString());
        refused(run("train", "--amp", "f8"), "--amp", "bf16");
        refused(run("train", "--schedule", "wavy"), "wavy", "cosine", "plateau");
        refused(run("train", "--clip", "-1"), "--clip");
        refused(run("train", "--ema", "1"), "--ema");
        refused(run("train", "--accumulate", "0"), "--accumulate");
        refused(run("train", "--workers", "-1"), "--workers");
        refused(run("train", "--checkpoint-every", "5"), "--resume");
        refused(run("train", "--image-size", "0"), "--image-size");
        refused(run("train", "resnet19"), "resnet19", "resnet18", "char-rnn");
        refused(run("summary", "resnet19"), "resnet19", "resnet18");
        refused(run("summary", "resnet18", "--input", "3x9"), "3x224x224");
        refused(run("summary", "alexnet", "--input", "3x20x20"), "3x20x20", "alexnet");
    }

    @Test
    void aSummaryOfAnyModel() throws IOException {
        Run resnet = good("summary", "resnet18");
        assertTrue(resnet.out().contains("11,689,512"), resnet.out());
        Run json = good("summary", "lenet5", "--json");
        assertEquals(1, json.out().lines().count());
        assertTrue(json.out().contains("\"parameters\":61706"), json.out());
        Run small = good("summary", "resnet18", "--input", "1x32x32", "--classes", "10", "--batch-size", "2");
        assertNotEquals(resnet.out(), small.out());
        assertTrue(small.out().contains("[2, 1, 32, 32]"), small.out());
    }

    /// Every model of the zoo has settings, and images of 28 x 28 are made to fit it.
    @Test
    void everyModelHasARecipe() {
        for (String name : Models.names()) {
            Recipe r = Recipe.of(name);
            assertEquals(name, r.name());
            assertTrue(r.defaults().epochs() > 0 && r.defaults().batchSize() > 0);
            if (!r.text()) {
                int side = r.size().fitting(28, 28);
                assertTrue(r.size().fits(side, side) && side >= 28 && side <= 64, name + " " + side);
            }
        }
        assertEquals(32, Recipe.of("vit_b_16").size().fitting(28, 28));
        assertEquals(28, Recipe.of("vit_h_14").size().fitting(28, 28));
        assertEquals(64, Recipe.of("alexnet").size().fitting(28, 28) + 1);
    }
}
