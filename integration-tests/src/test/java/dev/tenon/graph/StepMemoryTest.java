package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.SGD;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A captured training step needs no more memory than an eager one, gradients included, and gives the same numbers:
/// parameters are assigned as soon as their gradients are there.
class StepMemoryTest {
    enum Net {
        MLP(Nets::mlp, Shape.of(64, 784)),
        LENET(Nets::leNet5, Shape.of(64, 1, 28, 28)),
        RESNET(Nets::resNet18, Shape.of(4, 3, 32, 32)),
        LSTM(Nets.Recurrent::new, Shape.of(32, 20, 32)),
        TRANSFORMER(Nets.Transformer::new, Shape.of(16, 32, 64));

        private final Supplier<Module> make;
        private final Shape input;

        Net(Supplier<Module> make, Shape input) {
            this.make = make;
            this.input = input;
        }
    }

    /// A model, how it is trained, and what it is given.
    private record Training(Module model, Optimizer optimizer, Tensor x, Tensor y) {
        static Training of(Net net, Function<Module, Optimizer> optimizer) {
            Tensors.manualSeed(1);
            Module model = net.make.get();
            Tensor x = Tensors.randn(net.input.toArray());
            Tensor y = Tensors.randint(0, 10, Shape.of(net.input.dim(0)), Device.getDefault(),
                    Generator.getDefault());
            return new Training(model, optimizer.apply(model), x, y);
        }

        List<Tensor> step(List<Tensor> in) {
            optimizer.zeroGrad();
            Tensor loss = ClassLosses.crossEntropy(model.call(in.get(0)), in.get(1));
            loss.backward();
            optimizer.step();
            return List.of(loss.detach());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCapturedStepTakesNoMoreThanAnEagerOne(Net net) {
        check(net, m -> new SGD(m.parameters(), 0.01));
    }

    @ParameterizedTest
    @EnumSource(names = {"MLP", "LENET", "LSTM"})
    void norDoesOneOfAdam(Net net) {
        check(net, m -> new Adam(m.parameters(), 0.001));
    }

    /// Parameters are assigned as soon as their gradients are there, so that these need not all be there at once.
    @Test
    void aStepTakesLessThanAllGradientsTogether() {
        try (Scope _ = Scope.open()) {
            Training t = Training.of(Net.RESNET, m -> new SGD(m.parameters(), 0.01));
            long gradients = t.model.parameters().stream().mapToLong(p -> p.elements() * p.dtype().bytes()).sum();
            long planned = Graphs.captureStep(t::step, List.of(t.x, t.y)).optimized().memory().plannedBytes();
            assertTrue(planned < gradients, () -> planned + " bytes, the gradients alone " + gradients);
        }
    }

    private static void check(Net net, Function<Module, Optimizer> optimizer) {
        List<Double> expected = new ArrayList<>();
        long eager;
        try (Scope _ = Scope.open()) {
            Training t = Training.of(net, optimizer);
            // The optimiser makes its state in the first step.
            expected.add(t.step(List.of(t.x, t.y)).getFirst().item());
            t.optimizer.zeroGrad();
            Device device = Device.getDefault();
            long before = device.memory().used();
            device.resetPeakMemory();
            try (Scope _ = Scope.open()) {
                expected.add(t.step(List.of(t.x, t.y)).getFirst().item());
            }
            eager = device.memory().peakUsed() - before;
        }
        try (Scope _ = Scope.open()) {
            Training t = Training.of(net, optimizer);
            Graph plain = Graphs.captureStep(t::step, List.of(t.x, t.y));
            Graph g = plain.optimized();
            long planned = g.memory().plannedBytes();
            System.out.printf("%s: eager step %.2f MiB, graph %.2f MiB, optimised %.2f MiB%n", net, eager / 1048576.0,
                    plain.memory().plannedBytes() / 1048576.0, planned / 1048576.0);
            assertTrue(planned <= eager, () -> net + ": the graph takes " + planned + " bytes, an eager step " + eager);
            // Kernels for images in blocks round otherwise than those for tensors. In this net a unit is so near to
            // zero that its ReLU is open with some and closed with others, and the second loss 0.04 % off.
            double within = net == Net.RESNET ? 1e-3 : 1e-5;
            for (double e : expected) {
                assertEquals(e, g.run(t.x, t.y).getFirst().item(), within * Math.abs(e), net.toString());
            }
            g.releaseMemory();
        }
    }
}
