package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.TensorType;
import dev.tenon.autograd.Gradients;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A body of a condition or loop as a closed graph: what it is given, then the tensors from outside that it uses, are
/// its inputs.
///
/// @param graph the body
/// @param gradient of the same inputs and a gradient for each floating-point output, those of [#targets]; null where
///     no output depends on anything that requires a gradient. It computes anew what it needs of the body.
/// @param free the tensors from outside
/// @param targets the numbers of the inputs that have gradients
/// @param needs for each output whether it requires a gradient
record Body(Graph graph, @Nullable Graph gradient, List<Tensor> free, List<Integer> targets, List<Boolean> needs) {

    /// What a body is given: something of this type, with or without a gradient.
    record Like(TensorType type, Device device, boolean gradient) {
        static Like of(Tensor t) {
            return new Like(TensorType.of(t.dtype(), t.shape()), t.device(),
                    Context.tracksGradients() && t.requiresGrad());
        }

        /// The type of one of the tensors stacked along the first axis.
        static Like sliceOf(Tensor t) {
            return new Like(TensorType.of(t.dtype(), t.shape().without(0)), t.device(),
                    Context.tracksGradients() && t.requiresGrad());
        }

        Like withGradient(boolean on) {
            return new Like(type, device, on && type.dtype().isFloating());
        }
    }

    /// The graph of a body.
    ///
    /// @param known tensors from outside that are to be inputs in any case, in this order
    /// @throws CaptureException if the body does what cannot be part of a graph
    static Body capture(String name, List<Like> given, List<Tensor> known,
            Function<List<Tensor>, List<Tensor>> fn) {
        Capture c = Capture.ofBody(name);
        try (Context.Mode _ = Context.recording(c); Scope _ = Scope.open()) {
            List<Tensor> in = new ArrayList<>();
            for (Like like : given) {
                in.add(c.input("in" + in.size(), like.type, like.device).requiresGrad(like.gradient));
            }
            known.forEach(c::useFree);
            List<Tensor> out = List.copyOf(fn.apply(in));
            List<Value> values = out.stream().map(c::value).toList();
            List<Tensor> free = c.free();
            List<Tensor> all = new ArrayList<>(in);
            all.addAll(free);
            boolean tracked = Context.tracksGradients();
            List<Boolean> needs = out.stream().map(t -> tracked && t.requiresGrad()).toList();
            List<Integer> targets = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                if (tracked && all.get(i).requiresGrad()) {
                    targets.add(i);
                }
            }
            Graph forward = forward(c.writer(), values);
            Graph gradient = needs.contains(true) ? gradient(c, out, all, targets, forward) : null;
            return new Body(forward, gradient, free, targets, needs);
        } finally {
            c.end();
        }
    }

    private static Graph forward(GraphWriter all, List<Value> outputs) {
        GraphWriter w = new GraphWriter(all.name());
        all.inputs().forEach(w::input);
        all.sources().forEach(w::source);
        all.nodes().forEach(w::copy);
        for (int j = 0; j < outputs.size(); j++) {
            w.output("out" + j, w.map(outputs.get(j)));
        }
        return w.finish();
    }

    private static Graph gradient(Capture c, List<Tensor> out, List<Tensor> all, List<Integer> targets,
            Graph forward) {
        if (forward.draws()) {
            throw new CaptureException("a body of a condition or loop draws random numbers and its result is to be"
                    + " differentiated: draw them outside, for a loop as a sequence, and hand them to the body");
        }
        List<Tensor> roots = new ArrayList<>();
        List<Tensor> seeds = new ArrayList<>();
        for (int j = 0; j < out.size(); j++) {
            Tensor t = out.get(j);
            if (t.dtype().isFloating()) {
                Tensor seed = c.input("gradient" + j, TensorType.of(t.dtype(), t.shape()), t.device());
                if (t.requiresGrad()) {
                    roots.add(t);
                    seeds.add(seed);
                }
            }
        }
        List<Tensor> wanted = targets.stream().map(all::get).toList();
        List<@Nullable Tensor> grads = Gradients.gradOfPart(roots, wanted, seeds);
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < wanted.size(); i++) {
            Tensor g = grads.get(i);
            results.add(g == null ? Tensors.zerosLike(wanted.get(i)) : g);
        }
        return c.finish(Graphs.names("gradient", results.size()), results, false);
    }

    /// The types of the outputs.
    static List<TensorType> types(Graph g) {
        return g.outputs().stream()
                .map(o -> TensorType.of(o.value().type().dtype(), o.value().type().shape())).toList();
    }
}
