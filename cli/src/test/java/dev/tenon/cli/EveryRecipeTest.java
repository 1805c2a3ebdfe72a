package dev.tenon.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.data.DigitGenerator;
import dev.tenon.data.format.Safetensors;
import dev.tenon.nn.models.Models;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Every recipe of `tenon train` takes some steps on a few images or lines and is then asked by `tenon predict`. The
/// quick ones run always; `-Dtenon.recipes=all` runs all that there are, `-Dtenon.recipes=resnet,vgg` those whose names
/// start so. The largest ones take some 16 bytes of memory per parameter.
@Timeout(value = 900, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EveryRecipeTest {
    private static final List<String> QUICK = List.of("lenet5", "lenet5-classic", "mlp", "two-layer-net", "char-rnn",
        "gpt", "googlenet_aux", "resnet18_cifar", "resnet20_cifar", "densenet40_cifar", "char_lstm", "gpt_mini");

    @TempDir
    private Path folder;

    static Stream<String> recipes() {
        String wanted = System.getProperty("tenon.recipes", "");
        Stream<String> all = Stream.concat(Recipe.OWN.stream().map(Recipe::name), Models.names().stream()).distinct();
        return wanted.isEmpty() ? QUICK.stream() : wanted.equals("all") ? all
            : all.filter(n -> Stream.of(wanted.split(",")).anyMatch(n::startsWith));
    }

    /// Nine to learn from, so that the last batch is of one, and three to test on.
    private void images(String part, int first, int count) throws IOException {
        DigitGenerator digits = new DigitGenerator(5);
        for (int i = first; i < first + count; i++) {
            byte[] pixels = digits.images(i, 1);
            var image = new BufferedImage(DigitGenerator.WIDTH, DigitGenerator.HEIGHT, BufferedImage.TYPE_INT_RGB);
            for (int p = 0; p < pixels.length; p++) {
                image.setRGB(p % DigitGenerator.WIDTH, p / DigitGenerator.WIDTH, (pixels[p] & 0xFF) * 0x010101);
            }
            Path file = folder.resolve(part).resolve("class" + i % 3).resolve(i + ".png");
            Files.createDirectories(file.getParent());
            ImageIO.write(image, "png", file.toFile());
        }
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void trainsAndPredicts(String name) throws IOException {
        Recipe recipe = Recipe.of(name);
        Path out = folder.resolve("out");
        Path input;
        Run run;
        if (recipe.text()) {
            Path text = Files.writeString(folder.resolve("text.txt"), "the cat sat on the mat. ".repeat(12));
            run = Run.of("train", name, "--data", text.toString(), "--context", "16", "--batch-size", "8", "--epochs",
                "1", "--out", out.toString());
            input = Files.writeString(folder.resolve("prompt.txt"), "the \n");
        } else {
            images("data/train", 0, 9);
            images("data/test", 9, 3);
            int side = recipe.size().fitting(28, 28);
            run = Run.of("train", name, "--dataset", "folder:" + folder.resolve("data"), "--image-size", "" + side,
                "--batch-size", "4", "--epochs", "1", "--out", out.toString());
            input = folder.resolve("data/test/class0");
        }
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(Files.exists(out.resolve(RunFolder.WEIGHTS)), run.err());
        assertTrue(Files.exists(out.resolve(recipe.text() ? RunFolder.TEXT : RunFolder.SAMPLES)), run.err());
        Run said = Run.of("predict", out.toString(), "--input", input.toString(), "--length", "20");
        assertEquals(0, said.exitCode(), said.err());
        assertTrue(recipe.text() ? said.out().startsWith("the ") : said.out().contains("class"), said.out());
        System.out.println(name + ": " + run.err().lines().toList().getFirst() + "; "
            + run.err().lines().toList().getLast());
    }

    private static byte[] idx(byte[] data, int... shape) {
        ByteBuffer b = ByteBuffer.allocate(4 + 4 * shape.length + data.length);
        b.put(new byte[] {0, 0, 8, (byte) shape.length});
        for (int s : shape) {
            b.putInt(s);
        }
        return b.put(data).array();
    }

    /// The files of MNIST's relatives and of both CIFAR, small, in one folder.
    private Path files() throws IOException {
        Path dir = Files.createDirectories(folder.resolve("files"));
        DigitGenerator digits = new DigitGenerator(5);
        for (String part : List.of("train", "t10k")) {
            Files.write(dir.resolve(part + "-images-idx3-ubyte"), idx(digits.images(0, 30), 30, 28, 28));
            Files.write(dir.resolve(part + "-labels-idx1-ubyte"), idx(digits.labels(0, 30), 30));
        }
        Random random = new Random(1);
        for (String name : List.of("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5",
                "test_batch", "train", "test")) {
            int labels = name.contains("batch") ? 1 : 2;
            byte[] records = new byte[8 * (labels + 3 * 32 * 32)];
            random.nextBytes(records);
            for (int i = 0; i < 8; i++) {
                for (int l = 0; l < labels; l++) {
                    records[i * (labels + 3 * 32 * 32) + l] = (byte) random.nextInt(10);
                }
            }
            Files.write(dir.resolve(name + ".bin"), records);
        }
        return dir;
    }

    @ParameterizedTest
    @CsvSource({"mnist, train-images-idx3-ubyte, 1x28x28", "fashion-mnist, train-images-idx3-ubyte, 1x28x28",
        "kmnist, train-images-idx3-ubyte, 1x28x28", "cifar10, data_batch_1.bin, 3x32x32",
        "cifar100, train.bin, 3x32x32"})
    void everyNamedDataset(String name, String file, String shape) throws IOException {
        Path out = folder.resolve("out");
        Run run = Run.of("train", "two-layer-net", "--dataset", name, "--data", files().toString(), "--batch-size", "8",
            "--epochs", "1", "--out", out.toString());
        assertEquals(0, run.exitCode(), run.err());
        long inputs = Stream.of(shape.split("x")).mapToLong(Long::parseLong).reduce(1, (a, b) -> a * b);
        try (var weights = Safetensors.open(out.resolve(RunFolder.WEIGHTS))) {
            assertEquals(inputs, weights.entries().get("fc1.weight").shape().dim(1));
            assertEquals(name.equals("cifar100") ? 100 : 10, weights.entries().get("fc2.weight").shape().dim(0));
        }
        Path empty = Files.createDirectories(folder.resolve("empty"));
        Run absent = Run.of("train", "two-layer-net", "--dataset", name, "--data", empty.toString());
        assertEquals(2, absent.exitCode(), absent.err());
        assertEquals(1, absent.err().lines().count(), absent.err());
        assertTrue(absent.err().contains(file) && absent.err().contains(empty.toString()), absent.err());
    }
}
