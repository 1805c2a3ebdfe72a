package dev.tenon.nn.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Generator;
import dev.tenon.data.DigitsDataset;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.optim.Adam;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ResumeTest {
    @TempDir
    private Path folder;

    private Process start(Path checkpoints, Path weights, Path log) throws IOException {
        return new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "--add-modules",
                "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp",
                System.getProperty("java.class.path"), "dev.tenon.nn.train.ResumableRun", checkpoints.toString(),
                weights.toString(), "3").redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    /// A run that is killed several times, whatever it is doing, ends with the weights, to the last bit, and the
    /// history of one that is not.
    @Test
    void aRunThatIsKilledGoesOnToTheSameLastBit() throws Exception {
        Path plain = folder.resolve("plain.safetensors");
        Process whole = start(folder.resolve("plain"), plain, folder.resolve("plain.log"));
        Path checkpoints = folder.resolve("checkpoints");
        Path weights = folder.resolve("weights.safetensors");
        Path log = folder.resolve("log");
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int kills = 0;
        while (true) {
            List<String> before = names(checkpoints);
            Process p = start(checkpoints, weights, log);
            // Killed some time after it has got on by a checkpoint, so that it gets to its end.
            while (p.isAlive() && kills < 4 && names(checkpoints).equals(before)) {
                Thread.sleep(2);
            }
            if (kills == 4 || !p.isAlive()) {
                assertTrue(p.waitFor(200, TimeUnit.SECONDS));
                assertEquals(0, p.exitValue(), Files.readString(log));
                break;
            }
            Thread.sleep(random.nextInt(300));
            p.destroyForcibly();
            p.waitFor();
            kills++;
        }
        assertTrue(whole.waitFor(200, TimeUnit.SECONDS));
        assertEquals(0, whole.exitValue(), Files.readString(folder.resolve("plain.log")));
        assertTrue(kills >= 3, kills + " kills");
        String said = "seed " + seed + ", " + kills + " kills";
        assertEquals(last(folder.resolve("plain.log")), last(log), said);
        assertEquals(-1, Files.mismatch(plain, weights), said);
        assertEquals(4, names(checkpoints).size(), names(checkpoints).toString());
    }

    private static String last(Path log) throws IOException {
        return Files.readAllLines(log).getLast();
    }

    private static List<String> names(Path dir) throws IOException {
        if (!Files.exists(dir)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private static float[] weights(Sequential net) {
        return net.parameters().getFirst().get().toFloatArray();
    }

    private static Trainer trainer() {
        Generator.getDefault().manualSeed(2);
        var net = new Sequential(new Flatten(), new Linear(784, 10));
        return Trainer.of(net).optimizer(p -> new Adam(p, 0.01)).loss(new CrossEntropyLoss()).build();
    }

    private static FitOptions options(int epochs) {
        return FitOptions.of(new DigitsDataset(1, 100)).batchSize(20).epochs(epochs);
    }

    private Checkpoints checkpoints() {
        return Checkpoints.in(folder.resolve("run")).everySteps(2).keep(3);
    }

    @Test
    void aRunCanBeMadeLonger() throws IOException {
        Trainer whole = trainer();
        History h = whole.fit(options(5));
        trainer().fit(options(2).checkpoints(checkpoints()));
        Trainer longer = trainer();
        assertEquals("checkpoint-0000000010-00002.safetensors",
                longer.resume(folder.resolve("run")).orElseThrow().getFileName().toString());
        History rest = longer.fit(options(5).checkpoints(checkpoints()));
        assertArrayEquals(weights((Sequential) whole.model()), weights((Sequential) longer.model()));
        assertArrayEquals(h.get("loss"), rest.get("loss"));
        // Once more, and there is nothing left to do.
        Trainer done = trainer();
        done.resume(folder.resolve("run"));
        assertArrayEquals(h.get("loss"), done.fit(options(5)).get("loss"));
        assertArrayEquals(weights((Sequential) whole.model()), weights((Sequential) done.model()));
    }

    @Test
    void damagedFilesArePassedOverForTheOneBefore() throws IOException {
        Path run = folder.resolve("run");
        Trainer whole = trainer();
        whole.fit(options(2).checkpoints(checkpoints()));
        List<String> files = names(run).stream().filter(n -> n.endsWith(".safetensors")).toList();
        assertEquals(List.of("checkpoint-0000000006-00001.safetensors", "checkpoint-0000000008-00001.safetensors",
                "checkpoint-0000000010-00002.safetensors"), files);
        // One torn off, one with a bit that is another, one without its hash.
        byte[] bytes = Files.readAllBytes(run.resolve(files.get(2)));
        Files.write(run.resolve(files.get(2)), Arrays.copyOf(bytes, bytes.length - 5));
        assertEquals(files.get(1), Checkpoints.newest(run).orElseThrow().getFileName().toString());
        byte[] other = Files.readAllBytes(run.resolve(files.get(1)));
        other[other.length / 2] ^= 4;
        Files.write(run.resolve(files.get(1)), other);
        Files.write(run.resolve("checkpoint-0000000012-00002.safetensors"), bytes);
        Files.write(run.resolve(".checkpoint-0000000012-00002.safetensors.77-x.tmp"), new byte[9]);
        assertEquals(files.get(0), Checkpoints.newest(run).orElseThrow().getFileName().toString());
        Trainer again = trainer();
        assertTrue(again.resume(run).isPresent());
        again.fit(options(2).checkpoints(checkpoints()));
        assertArrayEquals(weights((Sequential) whole.model()), weights((Sequential) again.model()));
        assertEquals(files, names(run).stream().filter(n -> n.endsWith(".safetensors")).toList());
        assertEquals(6, names(run).size(), names(run).toString());
        for (String name : files) {
            Files.write(run.resolve(name), new byte[1], StandardOpenOption.APPEND);
        }
        String said = assertThrows(IOException.class, () -> trainer().resume(run)).getMessage();
        assertTrue(said.contains(run.toString()) && said.contains("damaged"), said);
    }

    @Test
    void whatIsNoContinuationIsSaid() throws IOException {
        assertTrue(trainer().resume(folder.resolve("nowhere")).isEmpty());
        Path run = folder.resolve("run");
        trainer().fit(options(1).checkpoints(checkpoints()));
        said("resume(folder)", () -> trainer().fit(options(2).checkpoints(checkpoints())));
        said("loader.batches 5", () -> resumed(run).fit(options(2).batchSize(10)));
        said("accumulate 1", () -> resumed(run).fit(options(2).accumulate(2)));
        said("average", () -> resumed(run).fit(options(2).average(0.9)));
        said("loader.seed", () -> resumed(run).fit(options(2).seed(8)));
        var other = new Sequential(new Flatten(), new Linear(784, 11));
        Trainer misfit = Trainer.of(other).optimizer(p -> new Adam(p, 0.01)).loss(new CrossEntropyLoss()).build();
        said("[11, 784]", () -> misfit.resume(run));
    }

    private static Trainer resumed(Path run) throws IOException {
        Trainer t = trainer();
        t.resume(run);
        return t;
    }

    private static void said(String words, Executable action) {
        String said = String.valueOf(assertThrows(IllegalArgumentException.class, action).getMessage());
        assertTrue(said.contains(words), said);
    }
}
