package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.format.Safetensors;
import dev.tenon.data.format.TensorFiles;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.layer.BatchNorm1d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.CosineAnnealingLR;
import dev.tenon.nn.optim.ExponentialMovingAverage;
import dev.tenon.nn.optim.LRScheduler;
import dev.tenon.nn.optim.NAdam;
import dev.tenon.nn.optim.ReduceLROnPlateau;
import dev.tenon.nn.precision.GradScaler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    @TempDir
    Path dir;

    /// A training run with everything that has a state: weights, running statistics, moments, rate, random numbers.
    private static final class Run {
        final Generator random = new Generator(11);
        final Sequential net = new Sequential(new Linear(4, 8), new BatchNorm1d(8), new ReLU(),
                new Dropout(0.2, random), new Linear(8, 3));
        final Adam optimizer = new Adam(net.parameters(), 0.05);
        final LRScheduler scheduler = new LRScheduler(optimizer, new CosineAnnealingLR(10, 1e-3));
        final Checkpoint checkpoint = new Checkpoint().add("model", net).add("optimizer", optimizer)
                .add("schedule", scheduler).add("generator", random);

        List<Double> train(int from, int to) {
            List<Double> losses = new ArrayList<>();
            for (int i = from; i < to; i++) {
                Generator g = new Generator(i);
                Tensor x = Tensors.randn(Shape.of(16, 4), DType.F32, Device.getDefault(), g);
                Tensor y = Tensors.randint(0, 3, Shape.of(16), Device.getDefault(), g);
                optimizer.zeroGrad();
                Tensor loss = ClassLosses.crossEntropy(net.call(x), y);
                loss.backward();
                optimizer.step();
                scheduler.step();
                losses.add(loss.item());
            }
            return losses;
        }
    }

    @Test
    void goingOnFromAFileIsTheSameAsNeverHavingStopped() throws IOException {
        Run whole = new Run();
        List<Double> before = whole.train(0, 5);
        Path file = dir.resolve("run.safetensors");
        whole.checkpoint.save(file, Map.of("epoch", "5", "note", "ä"));
        List<Double> rest = whole.train(5, 10);
        assertTrue(!before.equals(rest));

        Run second = new Run();
        second.train(20, 23);
        assertEquals(Map.of("epoch", "5", "note", "ä"), second.checkpoint.load(file));
        assertEquals(rest, second.train(5, 10));
        whole.net.stateDict().forEach((name, t) ->
                assertArrayEquals(t.toDoubleArray(), second.net.stateDict().get(name).toDoubleArray(), name));
    }

    @Test
    void weightsRoundTripInEveryDtype() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (DType d : DType.values()) {
            tensors.put(d.toString(), Tensors.of(0.0, 1.0, 0.5, 3.0, 1.0, 0.0).to(d).reshape(2, 3));
        }
        tensors.put("scalar", Tensors.scalar(2.5));
        tensors.put("empty", Tensors.zeros(0, 4));
        tensors.put("transposed", Near.ramp(1, 2, 3).t());
        Path file = dir.resolve("all.safetensors");
        Safetensors.write(file, tensors, Map.of());
        try (Safetensors s = Safetensors.open(file)) {
            assertEquals(List.copyOf(tensors.keySet()), List.copyOf(s.entries().keySet()));
            s.readAll(Device.getDefault()).forEach((name, t) -> {
                Tensor expected = tensors.get(name);
                assertEquals(expected.dtype(), t.dtype());
                assertEquals(expected.shape(), t.shape());
                assertArrayEquals(expected.toDoubleArray(), t.toDoubleArray());
            });
            assertThrows(IllegalArgumentException.class, () -> s.read("none", Device.getDefault()));
        }
    }

    @Test
    void halfPrecisionFilesAreHalfAsLargeAndLoad() throws IOException {
        Linear a = new Linear(100, 100);
        Path full = dir.resolve("full.safetensors");
        Path half = dir.resolve("half.safetensors");
        Checkpoint.saveWeights(full, a, Map.of("format", "tenon"));
        Checkpoint.saveWeights(half, a, DType.BF16);
        assertTrue(Files.size(half) < 0.53 * Files.size(full));
        Linear b = new Linear(100, 100);
        assertEquals(Map.of("format", "tenon"), Checkpoint.loadWeights(full, b));
        assertArrayEquals(a.weight().get().toFloatArray(), b.weight().get().toFloatArray());
        Checkpoint.loadWeights(half, b);
        assertEquals(DType.F32, b.weight().dtype());
        assertArrayEquals(a.weight().get().to(DType.BF16).toFloatArray(), b.weight().get().toFloatArray());
    }

    @Test
    void filesThatDoNotFitAreRefused() throws IOException {
        Run run = new Run();
        Path weights = dir.resolve("w.safetensors");
        Checkpoint.saveWeights(weights, new Linear(2, 2));
        assertThrows(IOException.class, () -> run.checkpoint.load(weights));
        Path other = dir.resolve("o.safetensors");
        new Checkpoint().add("model", run.net).save(other, Map.of());
        var e = assertThrows(IllegalArgumentException.class, () -> run.checkpoint.load(other));
        assertTrue(e.getMessage().contains("\"optimizer\""), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new Checkpoint().add("a.b", run.net));
        assertThrows(IllegalArgumentException.class, () -> run.checkpoint.add("model", run.net));
        assertThrows(IOException.class, () -> Checkpoint.saveWeights(dir.resolve("no/w"), run.net));
    }

    @Test
    void weightsLoadFromOtherFormatsAndMisfitsAreListedAllAtOnce() throws IOException {
        Linear a = new Linear(3, 2);
        Path npz = dir.resolve("w.npz");
        TensorFiles.write(npz, a.stateDict());
        Linear b = new Linear(3, 2);
        Checkpoint.loadWeights(npz, b);
        assertArrayEquals(a.weight().get().toFloatArray(), b.weight().get().toFloatArray());
        assertEquals(a.stateDict().keySet(), Checkpoint.readWeights(npz, Device.getDefault()).keySet());
        TensorFiles.write(npz, Map.of("weight", Tensors.zeros(5, 3), "other", Tensors.zeros(1)));
        var e = assertThrows(IllegalArgumentException.class, () -> Checkpoint.loadWeights(npz, b));
        for (String part : List.of("1 missing in the state: bias", "1 unexpected in the state: other",
                "1 of another shape: weight (the module has [2, 3], the state [5, 3])", "Nothing was loaded")) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
        assertArrayEquals(a.weight().get().toFloatArray(), b.weight().get().toFloatArray());
    }

    @Test
    void schedulesOfMetricsAndScalersAreRestoredExactly() throws IOException {
        Path file = dir.resolve("scaler.safetensors");
        Linear net = new Linear(2, 1);
        NAdam optimizer = new NAdam(net.parameters());
        GradScaler scaler = new GradScaler(new GradScaler.Options(3, 1.1, 0.3, 2));
        ReduceLROnPlateau plateau = new ReduceLROnPlateau(optimizer, ReduceLROnPlateau.Options.DEFAULT.with(0.3, 1));
        Checkpoint checkpoint = new Checkpoint().add("model", net).add("optimizer", optimizer).add("scaler", scaler)
                .add("plateau", plateau);
        ExponentialMovingAverage average = new ExponentialMovingAverage(net, 0.9);
        checkpoint.add("average", average);
        steps(net, optimizer, scaler, plateau, 0, 5);
        average.update();
        float[] mean = average.stateDict().get("weight").toFloatArray();
        checkpoint.save(file, Map.of());
        steps(net, optimizer, scaler, plateau, 5, 12);
        average.update();
        float[] weights = net.weight().get().toFloatArray();
        List<Double> numbers = List.of(scaler.scale(), plateau.best(), plateau.lastLr().getFirst());
        checkpoint.load(file);
        assertArrayEquals(mean, average.stateDict().get("weight").toFloatArray());
        steps(net, optimizer, scaler, plateau, 5, 12);
        assertArrayEquals(weights, net.weight().get().toFloatArray());
        assertEquals(numbers, List.of(scaler.scale(), plateau.best(), plateau.lastLr().getFirst()));
    }

    private static void steps(Linear net, NAdam optimizer, GradScaler scaler, ReduceLROnPlateau plateau, int from,
            int to) {
        for (int i = from; i < to; i++) {
            Tensor x = Tensors.randn(Shape.of(4, 2), DType.F32, Device.getDefault(), new Generator(i));
            optimizer.zeroGrad();
            // Every fourth loss overflows.
            Tensor loss = net.call(x).square().mean().mul(i % 4 == 3 ? Double.POSITIVE_INFINITY : 1);
            scaler.scale(loss).backward();
            scaler.step(optimizer);
            scaler.update();
            plateau.step(Math.abs(i - 4));
        }
    }
}
