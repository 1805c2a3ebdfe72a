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
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.optim.Optimizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/// Some training steps of a classifier on random batches, another learning rate in each, eager or captured.
///
/// @param device where it is trained
/// @param steps how many steps
/// @param model makes the model
/// @param optimizer makes the optimiser of its parameters
/// @param input the shape of a batch
/// @param classes how many classes
public record Training(
        Device device, int steps, Supplier<Module> model, Function<List<Parameter>, Optimizer> optimizer, Shape input,
        long classes) {

    /// What came out.
    ///
    /// @param losses of each step
    /// @param state of model and optimiser
    /// @param position of the random numbers
    public record Trained(List<Double> losses, List<double[]> state, long position) {
        /// Compares to the last bit.
        public void assertSame(Trained other) {
            assertEquals(losses, other.losses);
            assertEquals(position, other.position);
            assertEquals(state.size(), other.state.size());
            for (int i = 0; i < state.size(); i++) {
                assertArrayEquals(state.get(i), other.state.get(i), "state " + i);
            }
        }

        /// Compares up to rounding, to within a share of the largest number of each tensor.
        public void assertNear(Trained other, double tolerance) {
            assertArrayEquals(losses.stream().mapToDouble(d -> d).toArray(),
                    other.losses.stream().mapToDouble(d -> d).toArray(), tolerance);
            assertEquals(state.size(), other.state.size());
            for (int i = 0; i < state.size(); i++) {
                double largest = Arrays.stream(state.get(i)).map(Math::abs).max().orElse(0);
                assertArrayEquals(state.get(i), other.state.get(i), tolerance * Math.max(largest, 0.1), "state " + i);
            }
        }
    }

    /// Op by op.
    public Trained eager() {
        return run(false);
    }

    /// By a graph that the first step was captured in.
    public Trained captured() {
        return run(true);
    }

    private Trained run(boolean captured) {
        Tensors.manualSeed(11);
        Module m = model.get().to(device);
        Optimizer o = optimizer.apply(m.parameters());
        List<Double> losses = new ArrayList<>();
        Graph graph = null;
        Generator data = new Generator(3);
        for (int i = 0; i < steps; i++) {
            Tensor x = Tensors.randn(input, DType.F32, device, data);
            Tensor y = Tensors.randint(0, classes, Shape.of(input.dim(0)), device, data);
            Function<List<Tensor>, List<Tensor>> step = in -> {
                o.zeroGrad();
                Tensor loss = ClassLosses.crossEntropy(m.call(in.get(0)), in.get(1));
                loss.backward();
                o.step();
                return List.of(loss.detach());
            };
            o.groups().getFirst().setLr(0.05 / (i + 1));
            if (captured && graph == null) {
                graph = Graphs.captureStep(step, List.of(x, y));
            }
            losses.add((graph == null ? step.apply(List.of(x, y)) : graph.run(x, y)).getFirst().item());
        }
        List<double[]> state = new ArrayList<>();
        m.stateDict().values().forEach(t -> state.add(t.toDoubleArray()));
        o.stateDict().tensors().values().forEach(t -> state.add(t.toDoubleArray()));
        o.stateDict().numbers().forEach((_, v) -> state.add(new double[] {v}));
        if (graph != null) {
            graph.releaseMemory();
        }
        return new Trained(losses, state, Generator.getDefault().position());
    }
}
