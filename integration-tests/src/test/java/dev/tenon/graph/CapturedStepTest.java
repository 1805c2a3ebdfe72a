package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.autograd.Gradients;
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
import dev.tenon.nn.optim.GradientClipping;
import dev.tenon.nn.optim.Muon;
import dev.tenon.nn.optim.NAdam;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.SGD;
import dev.tenon.nn.precision.Autocast;
import java.util.ArrayList;
import java.util.Iterator;
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

    private static void check(Supplier<Module> make, Function<List<Parameter>, Optimizer> with, Shape input,
            long classes) {
        Training training = new Training(Device.getDefault(), STEPS, make, with, input, classes);
        training.eager().assertSame(training.captured());
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

    /// A model whose middle is computed again in the backward pass, dropout included.
    private static final class Checkpointed extends Module {
        private final Module middle = register("middle", new Sequential(new Linear(6, 16), new Dropout(0.5),
                new Tanh()));
        private final Linear last = register("last", new Linear(16, 3));

        @Override
        public Tensor forward(Tensor x) {
            return last.call(Gradients.checkpoint(middle::call, x));
        }
    }

    @Test
    void checkpointsDrawTheSameNumbersAgain() {
        check(Checkpointed::new, p -> new SGD(p, 0.1), Shape.of(8, 6), 3);
    }

    /// A model in mixed precision.
    private static final class Mixed extends Module {
        private final Module inner = register("inner", mlp());

        @Override
        public Tensor forward(Tensor x) {
            try (Context.Mode _ = Autocast.enter(DType.BF16)) {
                return inner.call(x).to(DType.F32);
            }
        }
    }

    @Test
    void mixedPrecision() {
        check(Mixed::new, Adam::new, Shape.of(8, 6), 3);
    }

    @Test
    void gradientsAreClippedInside() {
        Tensors.manualSeed(2);
        Module model = mlp().eval();
        Optimizer optimizer = new SGD(model.parameters(), 0.1);
        Function<List<Tensor>, List<Tensor>> step = in -> {
            optimizer.zeroGrad();
            model.call(in.getFirst()).square().sum().backward();
            Tensor norm = GradientClipping.clipGradNorm(model.parameters(), 0.5);
            optimizer.step();
            return List.of(norm);
        };
        Tensor x = Tensors.randn(4, 6);
        List<double[]> start = state(model);
        double expected = step.apply(List.of(x)).getFirst().item();
        List<double[]> after = state(model);
        Iterator<double[]> values = start.iterator();
        model.parameters().forEach(p -> Context.noGrad(() -> p.get().copy_(
                Tensors.of(values.next(), p.shape(), p.device()).to(p.dtype()))));
        optimizer.zeroGrad();
        Graph g = Graphs.captureStep(step, List.of(x));
        assertEquals(expected, g.run(x).getFirst().item());
        List<double[]> got = state(model);
        for (int i = 0; i < after.size(); i++) {
            assertArrayEquals(after.get(i), got.get(i));
        }
    }

    private static List<double[]> state(Module model) {
        return model.parameters().stream().map(p -> p.get().toDoubleArray()).toList();
    }

    @Test
    void compiledStepsTakeBatchesOfAnySize() {
        List<List<Double>> losses = new ArrayList<>();
        for (boolean compiled : new boolean[] {false, true}) {
            Tensors.manualSeed(8);
            Module model = mlp();
            Optimizer optimizer = new Adam(model.parameters());
            Function<List<Tensor>, List<Tensor>> step = in -> {
                optimizer.zeroGrad();
                Tensor loss = ClassLosses.crossEntropy(model.call(in.get(0)), in.get(1));
                loss.backward();
                optimizer.step();
                return List.of(loss.detach());
            };
            Compiled c = Graphs.compileStep(step, model);
            List<Double> seen = new ArrayList<>();
            Generator data = new Generator(6);
            for (int i = 0; i < 6; i++) {
                long n = i % 3 == 2 ? 3 : 8;
                Tensor x = Tensors.randn(Shape.of(n, 6), DType.F32, Device.getDefault(), data);
                Tensor y = Tensors.randint(0, 3, Shape.of(n), Device.getDefault(), data);
                seen.add((compiled ? c.call(List.of(x, y)) : step.apply(List.of(x, y))).getFirst().item());
            }
            losses.add(seen);
            assertEquals(List.of(), c.fallbacks());
            assertEquals(compiled ? 2 : 0, c.graphs().size());
        }
        assertEquals(losses.get(0), losses.get(1));
    }

    @Test
    void aGradientFromBeforeThatIsUsedOnceIsAnError() {
        Module model = mlp();
        Optimizer optimizer = new SGD(model.parameters(), 0.1);
        Tensor x = Tensors.randn(4, 6);
        model.call(x).sum().backward();
        assertThrows(CaptureException.class, () -> Graphs.captureStep(in -> {
            model.call(in.getFirst()).sum().backward();
            optimizer.step();
            optimizer.zeroGrad();
            return in;
        }, List.of(x)));
    }

    @Test
    void mlpWithMuon() {
        check(CapturedStepTest::mlp, p -> new Muon(p, 0.02), Shape.of(8, 6), 3);
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
