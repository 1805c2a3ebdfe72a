package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// Makes graphs of programs.
public final class Graphs {
    private Graphs() {}

    /// The graph of a function of one tensor.
    ///
    /// @param example a tensor of the dtype, shape and device for which the graph is made; its values do not matter
    /// @throws CaptureException if the function does what cannot be part of a graph, such as reading a value
    public static Graph capture(UnaryOperator<Tensor> fn, Tensor example) {
        return capture((List<Tensor> in) -> List.of(fn.apply(in.getFirst())), List.of(example));
    }

    /// The graph of a function: what it computes, without anything being computed. Tensors that it reads and was not
    /// given become parameters, by reference; what it changes in place, and the gradients that a backward pass in it
    /// leaves in leaves, are part of the graph.
    ///
    /// @param examples tensors of the dtypes, shapes and devices for which the graph is made; their values do not
    ///     matter
    /// @throws CaptureException if the function does what cannot be part of a graph, such as reading a value
    public static Graph capture(Function<List<Tensor>, List<Tensor>> fn, List<Tensor> examples) {
        return capture("captured", fn, examples, Map.of(), true);
    }

    /// The graph of a whole training step: forward, loss, backward and the optimiser's update. Each run is a step;
    /// learning rates, step counts and random numbers are those of the moment of the run.
    ///
    /// ```java
    /// Graph step = Graphs.captureStep(in -> {
    ///     optimizer.zeroGrad();
    ///     Tensor loss = crossEntropy(model.call(in.get(0)), in.get(1));
    ///     loss.backward();
    ///     optimizer.step();
    ///     return List.of(loss.detach());
    /// }, List.of(images, labels));
    /// double loss = step.run(images, labels).getFirst().item();
    /// ```
    ///
    /// As [#capture(Function, List)], except that gradients are intermediate values: [Tensor#grad()] is null after a
    /// run, unless the step adds to gradients that were there before.
    ///
    /// @throws CaptureException if the function does what cannot be part of a graph, such as reading a value
    public static Graph captureStep(Function<List<Tensor>, List<Tensor>> step, List<Tensor> examples) {
        return capture("step", step, examples, Map.of(), false);
    }

    static Graph capture(String name, Function<List<Tensor>, List<Tensor>> fn, List<Tensor> examples,
            Map<Object, String> parameterNames, boolean keepGradients) {
        Capture capture = new Capture(name, parameterNames);
        try (Context.Mode _ = Context.recording(capture); Scope _ = Scope.open()) {
            List<Tensor> in = new ArrayList<>();
            for (int i = 0; i < examples.size(); i++) {
                Tensor e = examples.get(i);
                Tensor t = capture.input(examples.size() == 1 ? "x" : "x" + i, e.type(), e.device());
                if (e.requiresGrad()) {
                    t.requiresGrad(true);
                }
                in.add(t);
            }
            List<Tensor> out = fn.apply(in);
            List<String> names = new ArrayList<>();
            for (int i = 0; i < out.size(); i++) {
                names.add(out.size() == 1 ? "y" : "y" + i);
            }
            return capture.finish(names, out, keepGradients);
        } finally {
            capture.end();
        }
    }
}
