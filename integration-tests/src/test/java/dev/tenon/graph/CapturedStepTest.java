package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.activation.Tanh;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.NAdam;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.SGD;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/// Captured training steps are equal to eager ones to the last bit.
class CapturedStepTest {
    private static final int STEPS = 4;

    private static Module mlp() {
        return new Sequential(new Linear(6, 16), new Tanh(), new Dropout(0.3), new Linear(16, 3));
    }

    private static Module leNet() {
        return new Sequential(new Conv2d(1, 6, 5), new ReLU(), new MaxPool2d(2), new BatchNorm2d(6),
                new Conv2d(6, 16, 5), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(256, 120), new ReLU(),
                new Dropout(0.5), new Linear(120, 84), new ReLU(), new Linear(84, 10));
    }

    private record Trained(List<Double> losses, List<double[]> state, long position) {}

    private static Trained train(Supplier<Module> make, Function<List<Parameter>, Optimizer> with, Shape input,
            long classes, boolean captured) {
        Tensors.manualSeed(11);
        Module model = make.get();
        Optimizer optimizer = with.apply(model.parameters());
        List<Double> losses = new ArrayList<>();
        Graph graph = null;
        Generator data = new Generator(3);
        for (int i = 0; i < STEPS; i++) {
            Tensor x = Tensors.randn(input, DType.F32, Device.getDefault(), data);
            Tensor y = Tensors.randint(0, classes, Shape.of(input.dim(0)), Device.getDefault(), data);
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
        optimizer.stateDict().numbers().forEach((_, v) -> state.add(new double[] {v}));
        return new Trained(losses, state, Generator.getDefault().position());
    }

    private static void check(Supplier<Module> make, Function<List<Parameter>, Optimizer> with, Shape input,
            long classes) {
        Trained eager = train(make, with, input, classes, false);
        Trained captured = train(make, with, input, classes, true);
        assertEquals(eager.losses, captured.losses);
        assertEquals(eager.position, captured.position);
        for (int i = 0; i < eager.state.size(); i++) {
            assertArrayEquals(eager.state.get(i), captured.state.get(i), "state " + i);
        }
    }

    @Test
    void mlpWithSgd() {
        check(CapturedStepTest::mlp, p -> new SGD(p, SGD.options(0.1).momentum(0.9).weightDecay(1e-3)),
                Shape.of(8, 6), 3);
    }

    @Test
    void mlpWithAdam() {
        check(CapturedStepTest::mlp, Adam::new, Shape.of(8, 6), 3);
    }

    @Test
    void mlpWithNAdamWhoseNumbersDependOnTheirPast() {
        check(CapturedStepTest::mlp, NAdam::new, Shape.of(8, 6), 3);
    }

    @Test
    void leNetWithSgd() {
        check(CapturedStepTest::leNet, p -> new SGD(p, 0.1), Shape.of(4, 1, 28, 28), 10);
    }

    @Test
    void leNetWithAdam() {
        check(CapturedStepTest::leNet, p -> new Adam(p, 0.01), Shape.of(4, 1, 28, 28), 10);
    }
}
