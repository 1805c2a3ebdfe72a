package dev.tenon.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.Tanh;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Training steps whose launches were recorded compute the very bits of eager ones: with other batches, other random
/// numbers and another learning rate in each step.
class RecordedStepTest {
    private static final int STEPS = 5;

    @BeforeEach
    @AfterEach
    void reset() {
        RecordingBackend.refuses = false;
        RecordingBackend.RECORDED.set(0);
        RecordingBackend.REPLAYED.set(0);
        RecordingBackend.CLOSED.set(0);
    }

    private record Trained(List<Double> losses, List<double[]> state) {}

    private static Trained train(boolean captured) {
        Device device = RecordingBackend.device();
        Tensors.manualSeed(11);
        Module model = new Sequential(new Linear(6, 16), new Tanh(), new Dropout(0.3), new Linear(16, 3)).to(device);
        Optimizer optimizer = new Adam(model.parameters());
        Generator data = new Generator(3);
        List<Double> losses = new ArrayList<>();
        Graph graph = null;
        for (int i = 0; i < STEPS; i++) {
            Tensor x = Tensors.randn(Shape.of(8, 6), DType.F32, device, data);
            Tensor y = Tensors.randint(0, 3, Shape.of(8), device, data);
            Function<List<Tensor>, List<Tensor>> step = in -> {
                optimizer.zeroGrad();
                Tensor loss = ClassLosses.crossEntropy(model.call(in.get(0)), in.get(1));
                loss.backward();
                optimizer.step();
                return List.of(loss.detach());
            };
            optimizer.groups().getFirst().setLr(0.05 / (i + 1));
            if (captured && graph == null) {
                graph = Graphs.captureStep(step, List.of(x, y));
            }
            losses.add((graph == null ? step.apply(List.of(x, y)) : graph.run(x, y)).getFirst().item());
        }
        List<double[]> state = new ArrayList<>();
        model.stateDict().values().forEach(t -> state.add(t.toDoubleArray()));
        optimizer.stateDict().tensors().values().forEach(t -> state.add(t.toDoubleArray()));
        if (graph != null) {
            graph.releaseMemory();
        }
        return new Trained(losses, state);
    }

    private static void assertSame(Trained expected, Trained got) {
        assertEquals(expected.losses, got.losses);
        for (int i = 0; i < expected.state.size(); i++) {
            assertArrayEquals(expected.state.get(i), got.state.get(i), "state " + i);
        }
    }

    @Test
    void stepsAreRecordedAtTheSecondRunAndReplayedFromThenOn() {
        assertSame(train(false), train(true));
        assertEquals(1, RecordingBackend.RECORDED.get());
        assertEquals(STEPS - 1, RecordingBackend.REPLAYED.get());
        assertEquals(1, RecordingBackend.CLOSED.get());
    }

    @Test
    void aDeviceThatCannotRecordLaunchesKernelByKernel() {
        Trained eager = train(false);
        RecordingBackend.refuses = true;
        int before = RecordingBackend.LAUNCHED.get();
        assertSame(eager, train(true));
        assertEquals(0, RecordingBackend.REPLAYED.get());
        assertTrue(RecordingBackend.LAUNCHED.get() > before);
    }
}
