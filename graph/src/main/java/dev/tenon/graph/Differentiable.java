package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import dev.tenon.autograd.FunctionContext;
import dev.tenon.autograd.Gradients;
import dev.tenon.graph.Value.Input;
import dev.tenon.graph.Value.Parameter;
import dev.tenon.graph.Value.Result;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A function as a graph, together with the graph of its gradients where there are any.
///
/// Both are captured as one: the function, and behind it the backward pass for gradients of its results that are
/// further inputs. What the second part reads of the first is what the forward graph returns in addition, to be saved.
final class Differentiable {
    private final Graph forward;
    private final @Nullable Graph backward;
    private final int outputs;

    /// Leaves that the function read: operands of the node on the tape besides the inputs.
    private final List<Tensor> leaves;

    /// For each thing that the backward graph is given before the gradients: a number of an additional output of the
    /// forward graph, or the tensor of a parameter.
    private final List<Saved> saved;

    /// The numbers of the outputs that have gradients.
    private final List<Integer> differentiable;

    /// For each input and leaf, which output of the backward graph is its gradient; -1 for none.
    private final int[] gradients;

    private final boolean twice;

    private record Saved(int output, @Nullable Tensor parameter) {}

    private Differentiable(Graph forward, @Nullable Graph backward, int outputs, List<Tensor> leaves,
            List<Saved> saved, List<Integer> differentiable, int[] gradients, boolean twice) {
        this.forward = forward;
        this.backward = backward;
        this.outputs = outputs;
        this.leaves = leaves;
        this.saved = saved;
        this.differentiable = differentiable;
        this.gradients = gradients;
        this.twice = twice;
    }

    List<Graph> graphs() {
        return backward == null ? List.of(forward) : List.of(forward, backward);
    }

    // --- capture

    static Differentiable capture(Function<List<Tensor>, List<Tensor>> fn, List<Tensor> examples,
            List<Boolean> needs, Map<Object, String> names, CompileOptions options) {
        Capture capture = new Capture("compiled", names);
        try (Context.Mode _ = Context.recording(capture); Scope _ = Scope.open()) {
            List<Tensor> in = Graphs.inputs(capture, examples);
            List<Tensor> targets = new ArrayList<>();
            for (int i = 0; i < in.size(); i++) {
                if (needs.get(i)) {
                    targets.add(in.get(i).requiresGrad(true));
                }
            }
            List<Tensor> out = fn.apply(in);
            List<Value> values = new ArrayList<>();
            out.forEach(t -> values.add(capture.value(t)));
            List<Integer> differentiable = new ArrayList<>();
            List<Tensor> roots = new ArrayList<>();
            for (int j = 0; j < out.size(); j++) {
                if (Context.tracksGradients() && out.get(j).requiresGrad()) {
                    differentiable.add(j);
                    roots.add(out.get(j));
                }
            }
            Cut cut = new Cut(capture.writer().nodes().size(), capture.writer().sources().size());
            if (roots.isEmpty()) {
                Graph g = options.optimized(capture.finish(Graphs.names("y", out.size()), out,
                        options.keepsGradients()));
                return new Differentiable(g, null, out.size(), List.of(), List.of(), List.of(), new int[0], false);
            }
            List<Tensor> leaves = capture.leaves();
            checkHooks(leaves);
            targets.addAll(leaves);
            List<Tensor> seeds = new ArrayList<>();
            for (int k = 0; k < roots.size(); k++) {
                Tensor r = roots.get(k);
                seeds.add(capture.input("gradient" + differentiable.get(k), TensorType.of(r.dtype(), r.shape()),
                        r.device()));
            }
            List<@Nullable Tensor> grads = Gradients.grad(roots, targets, seeds, false, false, true);
            List<@Nullable Value> gradValues = new ArrayList<>();
            for (Tensor g : grads) {
                gradValues.add(g == null ? null : capture.value(g));
            }
            Graph joint = capture.finish(List.of(), List.of(), options.keepsGradients());
            return new Split(joint, cut, values, gradValues, in.size(), needs, leaves, differentiable)
                    .build(options);
        } finally {
            capture.end();
        }
    }

    private static void checkHooks(List<Tensor> leaves) {
        for (Tensor leaf : leaves) {
            if (!leaf.gradState().hooks().isEmpty()) {
                throw new CaptureException("a tensor " + leaf.type() + " that it reads has hooks on its gradient, which"
                        + " are code that a graph cannot call");
            }
        }
    }

    /// Where the forward pass ends.
    private record Cut(int nodes, int sources) {}

    /// Cuts the graph of both passes in two.
    private static final class Split {
        private final Graph joint;
        private final int forwardNodes;
        private final int forwardSources;
        private final List<Value> outputs;
        private final List<@Nullable Value> grads;
        private final int inputs;
        private final List<Boolean> needs;
        private final List<Tensor> leaves;
        private final List<Integer> differentiable;
        private final List<Saved> saved = new ArrayList<>();
        private final Map<Value, Input> savedInputs = new LinkedHashMap<>();
        private final GraphWriter fw;
        private final GraphWriter bw;

        Split(Graph joint, Cut cut, List<Value> outputs, List<@Nullable Value> grads, int inputs,
                List<Boolean> needs, List<Tensor> leaves, List<Integer> differentiable) {
            this.joint = joint;
            this.forwardNodes = cut.nodes;
            this.forwardSources = cut.sources;
            this.outputs = outputs;
            this.grads = grads;
            this.inputs = inputs;
            this.needs = needs;
            this.leaves = leaves;
            this.differentiable = differentiable;
            this.fw = new GraphWriter(joint.name());
            this.bw = new GraphWriter(joint.name() + " backward");
        }

        Differentiable build(CompileOptions options) {
            joint.inputs().subList(0, inputs).forEach(fw::input);
            joint.sources().subList(0, forwardSources).forEach(fw::source);
            joint.nodes().subList(0, forwardNodes).forEach(fw::copy);
            for (int j = 0; j < outputs.size(); j++) {
                fw.output(Graphs.names("y", outputs.size()).get(j), fw.map(outputs.get(j)));
            }
            joint.updates().forEach(u -> fw.update(u.parameter(), fw.map(u.value())));
            joint.gradients().forEach(g -> fw.gradient(g.leaf(), fw.map(g.value())));
            List<Node> backwardNodes = needed();
            backwardNodes.forEach(n -> n.inputs().forEach(this::save));
            grads.forEach(g -> {
                if (g != null) {
                    save(g);
                }
            });
            savedInputs.values().forEach(bw::input);
            joint.inputs().subList(inputs, joint.inputs().size()).forEach(bw::input);
            savedInputs.forEach(bw::replace);
            joint.sources().subList(forwardSources, joint.sources().size()).forEach(bw::source);
            backwardNodes.forEach(bw::copy);
            int[] places = new int[inputs + leaves.size()];
            int target = 0;
            int count = 0;
            for (int i = 0; i < places.length; i++) {
                places[i] = -1;
                if (i >= inputs || needs.get(i)) {
                    Value g = grads.get(target++);
                    if (g != null) {
                        places[i] = count++;
                        bw.output("gradient" + i, bw.map(g));
                    }
                }
            }
            return new Differentiable(options.optimized(fw.finish()), options.optimized(bw.finish()), outputs.size(),
                    leaves, saved, differentiable, places, options.secondDerivatives());
        }

        /// The nodes of the backward pass that lead to a gradient.
        private List<Node> needed() {
            Set<Value> wanted = Collections.newSetFromMap(new IdentityHashMap<>());
            grads.forEach(g -> {
                if (g != null) {
                    wanted.add(g);
                }
            });
            List<Node> out = new ArrayList<>();
            for (int i = joint.nodes().size() - 1; i >= forwardNodes; i--) {
                Node n = joint.nodes().get(i);
                if (n.outputs().stream().anyMatch(wanted::contains)) {
                    wanted.addAll(n.inputs());
                    out.addFirst(n);
                }
            }
            return out;
        }

        private boolean isForward(Value v) {
            return switch (v) {
                case Input i -> joint.inputs().indexOf(i) < inputs;
                case Parameter _ -> true;
                case Value.Constant _ -> false;
                case Result r -> isForwardNode.contains(r.node());
            };
        }

        private final Set<Node> isForwardNode = Collections.newSetFromMap(new IdentityHashMap<>());

        private void save(Value v) {
            if (isForwardNode.isEmpty()) {
                isForwardNode.addAll(joint.nodes().subList(0, forwardNodes));
            }
            if (!isForward(v) || savedInputs.containsKey(v)) {
                return;
            }
            savedInputs.put(v, new Input("saved" + saved.size(), v.type(), v.device()));
            boolean changes = joint.updates().stream().anyMatch(u -> u.parameter() == v);
            if (v instanceof Parameter p && !changes) {
                saved.add(new Saved(-1, p.tensor()));
            } else {
                saved.add(new Saved(fw.outputs().size(), null));
                fw.output("saved" + (saved.size() - 1), fw.map(v));
            }
        }
    }

    // --- runs

    List<Tensor> call(List<Tensor> in) {
        if (backward == null) {
            return Context.noGrad(() -> Runs.run(forward, in));
        }
        List<Tensor> operands = new ArrayList<>(in);
        operands.addAll(leaves);
        Call call = new Call(backward);
        List<Tensor> out = call.applyAll(operands);
        // The tape has handles of its own on what it saved.
        call.extra.forEach(Tensor::close);
        return out;
    }

    /// One call on the tape.
    private final class Call extends dev.tenon.autograd.Function {
        private final Graph gradient;
        private List<Tensor> extra = List.of();

        Call(Graph gradient) {
            this.gradient = gradient;
        }

        @Override
        public String name() {
            return "compiled";
        }

        @Override
        protected List<Tensor> forward(FunctionContext ctx, List<Tensor> operands) {
            Draws draws = new Draws(forward.sources());
            List<Tensor> all = Runs.run(forward, operands.subList(0, forward.inputs().size()), draws);
            List<Tensor> kept = new ArrayList<>();
            for (Saved s : saved) {
                Tensor p = s.parameter();
                kept.add(p != null ? p : all.get(s.output()));
            }
            if (twice) {
                kept.addAll(operands);
            }
            ctx.saveForBackward(kept.toArray(Tensor[]::new));
            ctx.set("draws", draws);
            extra = all.subList(outputs, all.size());
            List<Tensor> out = all.subList(0, outputs);
            for (int j = 0; j < outputs; j++) {
                if (!differentiable.contains(j)) {
                    ctx.markNonDifferentiable(out.get(j));
                }
            }
            return out;
        }

        @Override
        protected List<? extends @Nullable Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
            List<Tensor> grads = Context.tracksGradients() ? followed(ctx, gradOutputs) : run(ctx, gradOutputs);
            List<@Nullable Tensor> out = new ArrayList<>();
            for (int g : gradients) {
                out.add(g < 0 ? null : grads.get(g));
            }
            return out;
        }

        private List<Tensor> run(FunctionContext ctx, List<Tensor> gradOutputs) {
            List<Tensor> feeds = new ArrayList<>(ctx.savedTensors().subList(0, saved.size()));
            differentiable.forEach(j -> feeds.add(gradOutputs.get(j)));
            return Runs.run(gradient, feeds, ctx.get("draws", Draws.class).continued(gradient.sources()));
        }

        /// The gradients by both passes op by op, with the numbers that the call drew, so that the tape follows.
        private List<Tensor> followed(FunctionContext ctx, List<Tensor> gradOutputs) {
            boolean drawsInBodies = forward.nodes().stream()
                    .anyMatch(n -> n.op() instanceof ControlOp c && c.draws());
            if (!twice || drawsInBodies) {
                throw Compiled.onlyOnce();
            }
            Draws draws = ctx.get("draws", Draws.class).continued(forward.sources());
            List<Tensor> operands = ctx.savedTensors().subList(saved.size(), ctx.savedTensors().size());
            int given = forward.inputs().size();
            List<Tensor> tracked = operands.subList(given, operands.size());
            try (Context.Mode _ = Context.policy(null)) {
                Interpreter first = new Interpreter(forward, operands.subList(0, given), draws);
                forward.parameters().forEach(p -> first.parameter(p, tracked(p.tensor(), tracked)));
                List<Tensor> all = first.run().outputs();
                List<Tensor> feeds = new ArrayList<>();
                for (Saved s : saved) {
                    Tensor p = s.parameter();
                    feeds.add(p != null ? tracked(p, tracked) : all.get(s.output()));
                }
                differentiable.forEach(j -> feeds.add(gradOutputs.get(j)));
                return new Interpreter(gradient, feeds, draws.continued(gradient.sources())).run().outputs();
            }
        }

        /// The leaf that a parameter is, which has a gradient; the parameter itself if it is none.
        private Tensor tracked(Tensor parameter, List<Tensor> tracked) {
            for (int i = 0; i < leaves.size(); i++) {
                Tensor leaf = leaves.get(i);
                if (leaf.sharesMemoryWith(parameter)) {
                    if (leaf.storageOffset() != parameter.storageOffset() || !leaf.type().equals(parameter.type())) {
                        throw Compiled.onlyOnce();
                    }
                    return tracked.get(i);
                }
            }
            return parameter;
        }
    }
}
