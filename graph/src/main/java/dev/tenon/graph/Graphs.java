package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Traceable;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

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

    /// The graph of a model in the mode that it is in; parameters have the names that the model gives them.
    ///
    /// @param example a tensor of the dtype, shape and device for which the graph is made; its values do not matter
    /// @throws CaptureException if the model does what cannot be part of a graph, such as reading a value
    public static Graph capture(Traceable model, Tensor example) {
        return capture("model", in -> List.of(model.call(in.getFirst())), List.of(example), names(List.of(model)),
                true);
    }

    /// The names of the tensors of models, by the key of their memory.
    static Map<Object, String> names(List<? extends Traceable> models) {
        Map<Object, String> names = new IdentityHashMap<>();
        for (int i = 0; i < models.size(); i++) {
            String prefix = i == 0 ? "" : "model" + i + ".";
            models.get(i).tensors().forEach((name, t) -> names.putIfAbsent(t.storageKey(), prefix + name));
        }
        return names;
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

    /// Compiles a model: see [#compile(Function, List, CompileOptions)].
    public static Compiled compile(Traceable model) {
        return compile(in -> List.of(model.call(in.getFirst())), List.of(model), CompileOptions.DEFAULT);
    }

    /// Compiles a function of one tensor that has no state but tensors: see [#compile(Function, List, CompileOptions)].
    public static Compiled compile(UnaryOperator<Tensor> fn) {
        return compile((List<Tensor> in) -> List.of(fn.apply(in.getFirst())), List.of(), CompileOptions.DEFAULT);
    }

    /// A function that does the same as the given one by graphs: one for each combination of dtypes, shapes and devices
    /// of its inputs, of what requires a gradient, and of the mode of the models that it uses. Graphs are captured when
    /// they are first needed and kept, up to a number; what cannot be captured runs as it is, for a reason that is
    /// logged once and said by [Compiled#fallbacks()].
    ///
    /// Under gradients the results can be differentiated: the backward pass is a graph as well. They cannot be
    /// differentiated twice.
    ///
    /// A capture runs the function without anything being computed: what it does beside computing with tensors, such as
    /// printing or counting, happens then and not at each call.
    ///
    /// @param models those that the function uses, so that a change of their mode or of their tensors is seen
    public static Compiled compile(Function<List<Tensor>, List<Tensor>> fn, List<? extends Traceable> models,
            CompileOptions options) {
        return new Compiled(fn, List.copyOf(models), options);
    }

    /// Compiles a training step, as [#captureStep] captures one, once for each combination of dtypes and shapes of what
    /// it is given: see [#compile(Function, List, CompileOptions)].
    ///
    /// @param models those that the step trains
    public static Compiled compileStep(Function<List<Tensor>, List<Tensor>> step, Traceable... models) {
        return compile(step, List.of(models), CompileOptions.DEFAULT.keepsGradients(false));
    }

    /// Lets graphs run op by op on this thread until closed, as `-Dtenon.graph.eager=true` does everywhere: without
    /// plan, in an order that a debugger can follow.
    public static Context.Mode eagerly() {
        return Runs.eagerly(true);
    }

    // --- control flow

    /// One of two computations, by whether a tensor of one element is not zero. Inside a capture both become parts of
    /// the graph and must give tensors of the same dtypes and shapes; elsewhere one of them runs.
    ///
    /// Gradients flow to whatever the branches use. Branches must not change tensors from outside in place.
    public static Tensor cond(Tensor predicate, Supplier<Tensor> then, Supplier<Tensor> otherwise) {
        return condAll(predicate, () -> List.of(then.get()), () -> List.of(otherwise.get())).getFirst();
    }

    /// As [#cond], for branches that give several tensors.
    public static List<Tensor> condAll(
            Tensor predicate, Supplier<List<Tensor>> then, Supplier<List<Tensor>> otherwise) {
        return Control.cond(predicate, then, otherwise);
    }

    /// What a step of a [#scan] gives, and a scan as a whole.
    ///
    /// @param carried what is carried on to the next position; at the end the last values
    /// @param outputs the results at one position; at the end those of all positions, stacked along a new first axis
    public record Scanned(List<Tensor> carried, List<Tensor> outputs) {
        /// Copies the lists.
        public Scanned {
            carried = List.copyOf(carried);
            outputs = List.copyOf(outputs);
        }
    }

    /// A step of a [#scan].
    @FunctionalInterface
    public interface Step {
        /// Computes one position.
        ///
        /// @param carried what the position before carried on; the initial values at first
        /// @param slices of each sequence the part at this position
        Scanned apply(List<Tensor> carried, List<Tensor> slices);
    }

    /// A step at each position along the first axis of some sequences, from first to last. Inside a capture it becomes
    /// one node with the step as its body, whatever the number of positions; elsewhere it is a loop.
    ///
    /// Gradients flow to the initial values, the sequences and whatever else the step uses. The step must carry on
    /// tensors of the dtypes and shapes that it was given, and must not change tensors from outside in place.
    ///
    /// @param initial what the first position is given
    /// @param sequences tensors of the same extent along their first axis, at least one
    public static Scanned scan(Step step, List<Tensor> initial, List<Tensor> sequences) {
        return Control.scan(step, initial, sequences);
    }

    /// The elements along the first axis combined one after the other: fn(... fn(fn(initial, e0), e1) ..., en). See
    /// [#scan].
    public static Tensor foldl(BinaryOperator<Tensor> fn, Tensor elements, Tensor initial) {
        return Control.foldl(fn, elements, initial);
    }

    /// A body repeated as long as a condition on the state, a tensor of one element, is not zero. Inside a capture it
    /// becomes one node; elsewhere it is a loop. Without a limit on the number of trips its result cannot be
    /// differentiated inside a capture.
    ///
    /// @return the last state
    public static List<Tensor> whileLoop(Function<List<Tensor>, Tensor> condition,
            Function<List<Tensor>, List<Tensor>> body, List<Tensor> initial) {
        return Control.whileLoop(condition, body, initial, 0);
    }

    /// A body repeated as long as a condition on the state holds, at most a given number of times. Inside a capture its
    /// result can be differentiated: the state before each trip is kept, in memory for `maxTrips` of them.
    ///
    /// @return the last state
    /// @throws dev.tenon.api.TensorException if the condition still holds after `maxTrips` trips
    public static List<Tensor> whileLoop(Function<List<Tensor>, Tensor> condition,
            Function<List<Tensor>, List<Tensor>> body, List<Tensor> initial, int maxTrips) {
        if (maxTrips < 1) {
            throw new TensorException("while: maxTrips " + maxTrips + ": expected at least 1");
        }
        return Control.whileLoop(condition, body, initial, maxTrips);
    }

    static Graph capture(String name, Function<List<Tensor>, List<Tensor>> fn, List<Tensor> examples,
            Map<Object, String> parameterNames, boolean keepGradients) {
        Capture capture = new Capture(name, parameterNames);
        try (Context.Mode _ = Context.recording(capture); Scope _ = Scope.open()) {
            List<Tensor> in = inputs(capture, examples);
            for (int i = 0; i < in.size(); i++) {
                if (examples.get(i).requiresGrad()) {
                    in.get(i).requiresGrad(true);
                }
            }
            List<Tensor> out = fn.apply(in);
            return capture.finish(names("y", out.size()), out, keepGradients);
        } finally {
            capture.end();
        }
    }

    /// Inputs like some examples, contiguous.
    static List<Tensor> inputs(Capture capture, List<Tensor> examples) {
        List<Tensor> in = new ArrayList<>();
        List<String> names = names("x", examples.size());
        for (int i = 0; i < examples.size(); i++) {
            Tensor e = examples.get(i);
            in.add(capture.input(names.get(i), TensorType.of(e.dtype(), e.shape()), e.device()));
        }
        return in;
    }

    /// The word itself for one thing, numbered for several.
    static List<String> names(String word, int count) {
        return count == 1 ? List.of(word) : IntStream.range(0, count).mapToObj(i -> word + i).toList();
    }
}
