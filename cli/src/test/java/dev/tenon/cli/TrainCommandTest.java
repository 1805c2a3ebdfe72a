package dev.tenon.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import dev.tenon.api.Shape;
import dev.tenon.api.spi.TraceFile;
import dev.tenon.data.DigitGenerator;
import dev.tenon.data.format.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainCommandTest {
    @TempDir
    private Path folder;

    /// A small set in MNIST's format: the first four fifths to train on.
    private Path idx(int n) throws IOException {
        Path dir = Files.createDirectories(folder.resolve("idx"));
        DigitGenerator g = new DigitGenerator(5);
        Files.write(dir.resolve("t10k-images-idx3-ubyte"), with(g.images(0, n), n, 28, 28));
        Files.write(dir.resolve("t10k-labels-idx1-ubyte"), with(g.labels(0, n), n));
        return dir;
    }

    private static byte[] with(byte[] data, int... shape) {
        ByteBuffer b = ByteBuffer.allocate(4 + 4 * shape.length + data.length);
        b.put(new byte[] {0, 0, 8, (byte) shape.length});
        for (int s : shape) {
            b.putInt(s);
        }
        return b.put(data).array();
    }

    private Run train(Object... args) {
        List<String> all = new ArrayList<>(List.of("train"));
        for (Object a : args) {
            all.add(a.toString());
        }
        return Run.of(all.toArray(String[]::new));
    }

    private static Map<String, String> json(String line) throws IOException {
        Map<String, String> out = new LinkedHashMap<>();
        try (var parser = new JsonFactory().createParser(line)) {
            assertEquals(JsonToken.START_OBJECT, parser.nextToken());
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                out.put(name, parser.getText());
            }
        }
        return out;
    }

    @Test
    void learnsAndLeavesWeightsAndPictures() throws IOException {
        Path out = folder.resolve("a").resolve("b");
        Run run = train("--data", idx(1000), "--epochs", 4, "--batch-size", 32, "--out", out, "--json");
        assertEquals(0, run.exitCode(), run.err());
        assertEquals(1, run.out().lines().count(), run.out());
        Map<String, String> line = json(run.out());
        assertEquals(List.of("recipe", "device", "epochs", "trainLoss", "testAccuracy", "samplesPerSecond", "seconds",
            "peakRssBytes"), List.copyOf(line.keySet()).subList(0, 8));
        assertEquals(1, run.err().lines().filter(l -> l.startsWith("first batch ")).count(), run.err());
        assertTrue(Double.parseDouble(line.get("firstBatchSeconds")) > 0, run.out());
        assertEquals("lenet5", line.get("recipe"));
        assertEquals("4", line.get("epochs"));
        assertTrue(Double.parseDouble(line.get("testAccuracy")) > 0.7, run.out());
        assertTrue(Double.parseDouble(line.get("trainLoss")) < 1.2, run.out());
        assertEquals(4, run.err().lines().filter(l -> l.startsWith("epoch ")).count(), run.err());

        assertEquals(List.of("curve.png", "samples.png", "weights.safetensors"), names(out));
        assertEquals(1200, ImageIO.read(out.resolve("curve.png").toFile()).getWidth());
        assertTrue(ImageIO.read(out.resolve("samples.png").toFile()).getWidth() > 500);
        try (var weights = Safetensors.open(out.resolve("weights.safetensors"))) {
            assertEquals(Shape.of(6, 1, 5, 5), weights.entries().get("conv1.weight").shape());
            assertEquals(10, weights.entries().size());
            assertEquals("4", weights.metadata().get("epoch"));
        }
    }

    private static List<String> names(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lenet5", "mlp"})
    void theSameSeedGivesTheSameLossToTheLastBit(String recipe) throws IOException {
        Path data = idx(300);
        List<String> losses = new ArrayList<>();
        for (int seed : new int[] {3, 3, 4}) {
            Path out = folder.resolve("run" + losses.size());
            Run run = train(recipe, "--data", data, "--epochs", 2, "--seed", seed, "--json", "--out", out);
            losses.add(json(run.out()).get("trainLoss"));
        }
        assertEquals(losses.get(0), losses.get(1));
        assertNotEquals(losses.get(0), losses.get(2));
        assertEquals(-1, Files.mismatch(folder.resolve("run0/samples.png"), folder.resolve("run1/samples.png")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sgd", "adam", "adamw", "rmsprop", "lion"})
    void everyOptimizerLearns(String optimizer) throws IOException {
        Run run = train("two-layer-net", "--data", idx(400), "--epochs", 5, "--optimizer", optimizer, "--json", "--out",
            folder.resolve("out"));
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(Double.parseDouble(json(run.out()).get("testAccuracy")) > 0.4, run.out());
    }

    @Test
    void textFilesOfOtherSizesTrainTheMlpAndAreRefusedByLeNet() throws IOException {
        Path dir = Files.createDirectories(folder.resolve("text"));
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            for (int p = 0; p < 64; p++) {
                rows.append(p / 32 == i % 2 ? 16 - i % 5 : i % 3).append(',');
            }
            rows.append(i % 2).append('\n');
        }
        Files.writeString(dir.resolve("x.tra"), rows);
        Files.writeString(dir.resolve("x.tes"), rows);
        Run run = train("mlp", "--data", dir, "--epochs", 5, "--batch-size", 8, "--json", "--out", folder.resolve("o"));
        assertEquals(0, run.exitCode(), run.err());
        assertEquals("1.0", json(run.out()).get("testAccuracy"));
        refused(train("--data", dir, "--out", folder.resolve("p")), "12 x 12", "8 x 8", "mlp");
        assertFalse(Files.exists(folder.resolve("p")));
    }

    /// One line on standard error, exit code 2, nothing on standard output.
    private static void refused(Run run, String... words) {
        assertEquals(2, run.exitCode(), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertEquals("", run.out());
        for (String w : words) {
            assertTrue(run.err().contains(w), () -> w + " in: " + run.err());
        }
    }

    @Test
    void wrongUsageIsSaidInOneLine() throws IOException {
        Path data = idx(20);
        refused(train("lenet6"), "lenet6", "lenet5", "mlp", "two-layer-net");
        refused(train("--device", "warp:9"), "warp:9", "cpu");
        refused(train("--epochs", 0), "--epochs", "0");
        refused(train("--epochs", "many"), "--epochs", "many");
        refused(train("--batch-size", -1), "--batch-size");
        refused(train("--lr", "0"), "--lr");
        refused(train("--lr", "NaN"), "--lr");
        refused(train("--optimizer", "newton"), "newton", "lion");
        refused(train("--threads", 0), "--threads");
        refused(train("--no-such-option"), "--no-such-option");
        refused(train("--seed", "x"), "--seed");
        Path file = Files.writeString(folder.resolve("file"), "precious");
        refused(train("--data", data, "--out", file), "--out", file.toString());
        refused(train("--data", data, "--out", file.resolve("below")), "--out");
        assertEquals("precious", Files.readString(file));
    }

    @Test
    void unusableDataIsSaidInOneLine() throws IOException {
        refused(train("--data", folder.resolve("nowhere")), "nowhere", "no such folder");
        Path empty = Files.createDirectories(folder.resolve("empty"));
        refused(train("--data", empty), "train-images-idx3-ubyte", "*.tra");
        Path data = idx(30);
        Path images = data.resolve("t10k-images-idx3-ubyte");
        Path labels = data.resolve("t10k-labels-idx1-ubyte");
        byte[] whole = Files.readAllBytes(images);
        Files.write(images, Arrays.copyOf(whole, whole.length - 100));
        refused(train("--data", data), "t10k-images-idx3-ubyte", "cut short");
        Files.write(images, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        refused(train("--data", data), "not an IDX file");
        Files.write(images, whole);
        Files.write(labels, with(new byte[29], 29));
        refused(train("--data", data), "29 labels", "30 images");
        Files.delete(labels);
        refused(train("--data", data), "t10k-labels-idx1-ubyte");
        Files.writeString(empty.resolve("a.tra"), "1,2,3,4,0\n");
        refused(train("--data", empty), "a.tra", ".tes");
        Files.writeString(empty.resolve("a.tes"), "1,2,3,x,0\n");
        refused(train("--data", empty), "a.tes", "x");
    }

    @Test
    void weightsThatCannotBeWrittenAreAFailureThatSaysWhatIsThere() throws IOException {
        Path out = Files.createDirectories(folder.resolve("out"));
        Files.createDirectories(out.resolve("weights.safetensors").resolve("in the way"));
        Run run = train("two-layer-net", "--data", idx(50), "--epochs", 1, "--out", out);
        assertEquals(1, run.exitCode());
        assertTrue(run.err().lines().toList().getLast().startsWith("tenon: cannot write the weights of epoch 1"),
            run.err());
        assertFalse(run.err().contains("\tat "), run.err());
        assertEquals(List.of("weights.safetensors"), names(out));
    }

    @Test
    void aLossThatIsNoNumberEndsTheRunAndKeepsTheWeightsBefore() throws IOException {
        Path out = folder.resolve("out");
        Run run = train("mlp", "--data", idx(200), "--optimizer", "sgd", "--lr", "1e30", "--epochs", 2, "--out", out);
        assertEquals(1, run.exitCode(), run.err());
        assertTrue(run.err().contains("diverged") && run.err().contains("--lr"), run.err());
        assertEquals(List.of(), names(out));
    }

    /// The command in a process of its own, ended by Ctrl-C's signal after the first epoch.
    @Test
    void interruptionKeepsTheLastEpochAndSaysWhere() throws Exception {
        Path status = Path.of("/proc/self/status");
        assumeFalse(!Files.exists(status) || Files.readAllLines(status).stream()
            .anyMatch(l -> l.startsWith("SigIgn:") && (Long.parseUnsignedLong(l.split("\\s+")[1], 16) & 2) != 0),
            "no signals here, or SIGINT is ignored");
        Path out = folder.resolve("out");
        Path log = folder.resolve("log");
        Process p = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "--add-modules",
            "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
            "dev.tenon.cli.Main", "train", "two-layer-net", "--data", idx(100).toString(), "--epochs", "99999", "--out",
            out.toString()).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
            while (!Files.exists(out.resolve("weights.safetensors")) && p.isAlive() && System.nanoTime() < end) {
                Thread.sleep(20);
            }
            assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(p.pid())).start().waitFor());
            assertTrue(p.waitFor(60, TimeUnit.SECONDS));
        } finally {
            p.destroyForcibly();
        }
        String text = Files.readString(log);
        assertEquals(130, p.exitValue(), text);
        assertTrue(text.contains("stopped; the weights of epoch "), text);
        assertFalse(text.contains("\tat "), text);
        try (var weights = Safetensors.open(out.resolve("weights.safetensors"))) {
            assertEquals(4, weights.entries().size());
        }
    }

    @Test
    void theTraceShowsWhatWasDoneWhen() throws IOException {
        Path trace = folder.resolve("trace.json");
        try {
            Run run = train("two-layer-net", "--data", idx(100), "--epochs", 1, "--out", folder.resolve("traced"),
                "--trace", trace);
            assertEquals(0, run.exitCode(), run.err());
        } finally {
            System.clearProperty(TraceFile.PROPERTY);
        }
        String events = Files.readString(trace);
        for (String word : List.of("decode", "compute", "thread_name")) {
            assertTrue(events.contains("\"name\":\"" + word + "\""), word + " in " + events);
        }
        Run run = train("two-layer-net", "--trace", folder.resolve("no/such/folder/trace.json"));
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("--trace") && run.err().contains("cannot be written"), run.err());
        assertNull(System.getProperty(TraceFile.PROPERTY));
    }
}
