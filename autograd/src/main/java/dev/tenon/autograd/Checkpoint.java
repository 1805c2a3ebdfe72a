package dev.tenon.autograd;

import dev.tenon.api.Context;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.OpPolicy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A part of a computation that keeps its inputs only and is computed again when gradients are wanted.
///
/// The part is recorded once to learn where it leads: its inputs, and whatever else the function reads, such as the
/// parameters of a model. That record is dropped at once; one node takes its place, with all those as its operands.
final class Checkpoint extends Node {
    private record Edge(Node node, int slot) {}

    private final java.util.function.Function<List<Tensor>, List<Tensor>> body;

    /// For each argument of the body, which operand of the node it is, or -1.
    private final int[] origins;

    private final long seed;
    private final long position;
    private final @Nullable OpPolicy policy;

    private Checkpoint(java.util.function.Function<List<Tensor>, List<Tensor>> body, List<Tensor> in,
            List<Edge> operands, List<Tensor> out, long seed, long position) {
        super(nextSequence(), operands.stream().map(Edge::node).toArray(Node[]::new),
                operands.stream().mapToInt(Edge::slot).toArray(),
                operands.stream().map(e -> e.node.outTypes[e.slot]).toArray(TensorType[]::new),
                typesOf(out), out.getFirst().device(), out.getFirst().device());
        this.body = body;
        this.seed = seed;
        this.position = position;
        this.policy = Context.policy();
        this.origins = new int[in.size()];
        for (int k = 0; k < origins.length; k++) {
            Node n = of(in.get(k));
            origins[k] = n == null ? -1 : operands.indexOf(new Edge(n, slotOf(in.get(k))));
            save(place(k), place(origins.length), in.get(k));
        }
    }

    private int place(int k) {
        return parents.length + outTypes.length + k;
    }

    static List<Tensor> run(java.util.function.Function<List<Tensor>, List<Tensor>> body, List<Tensor> in) {
        if (!Context.tracksGradients()) {
            return body.apply(in);
        }
        Generator g = Generator.getDefault();
        long seed = g.seed();
        long position = g.position();
        long before = lastSequence();
        List<Tensor> out = new ArrayList<>();
        try (Scope scope = Scope.open()) {
            List<Tensor> made = body.apply(in);
            for (Tensor t : made) {
                out.add(scope.keep(t.detach()));
            }
            List<Edge> operands = operands(made, before);
            if (!operands.isEmpty()) {
                Checkpoint node = new Checkpoint(body, in, operands, out, seed, position);
                for (int j = 0; j < made.size(); j++) {
                    if (made.get(j).requiresGrad()) {
                        node.adopt(out.get(j), j);
                    }
                }
            }
        }
        return out;
    }

    /// Where the recorded part begins: outputs of nodes older than it, and leaves.
    private static List<Edge> operands(List<Tensor> out, long before) {
        List<Edge> found = new ArrayList<>();
        Map<Node, Boolean> seen = new IdentityHashMap<>();
        ArrayDeque<Node> open = new ArrayDeque<>();
        for (Tensor t : out) {
            follow(of(t), slotOf(t), before, found, seen, open);
        }
        while (!open.isEmpty()) {
            Node n = open.pop();
            for (int i = 0; i < n.parents.length; i++) {
                follow(n.parents[i], n.slots[i], before, found, seen, open);
            }
        }
        return found;
    }

    private static void follow(@Nullable Node n, int slot, long before, List<Edge> found, Map<Node, Boolean> seen,
            ArrayDeque<Node> open) {
        if (n == null) {
            return;
        }
        if (n.sequence <= before) {
            Edge e = new Edge(n, slot);
            if (!found.contains(e)) {
                found.add(e);
            }
        } else if (seen.put(n, true) == null) {
            open.push(n);
        }
    }

    @Override
    public String name() {
        return "checkpoint";
    }

    @Override
    void backward(Backward b) {
        List<Tensor> args = new ArrayList<>();
        for (int k = 0; k < origins.length; k++) {
            int i = origins[k];
            Tensor t = saved(place(k));
            args.add(b.open(i < 0 ? t.alias() : withHistory(t, parents[i], slots[i])));
        }
        List<Tensor> made = again(args);
        List<Tensor> roots = new ArrayList<>();
        List<Tensor> grads = new ArrayList<>();
        for (int j = 0; j < made.size(); j++) {
            Tensor g = b.gradOrNull(j);
            if (g != null) {
                roots.add(made.get(j));
                grads.add(g);
            }
        }
        Capture capture = new Capture(parents.length, true);
        for (int i = 0; i < parents.length; i++) {
            Node p = parents[i];
            if (p != null && b.needs(i)) {
                capture.want(p, slots[i], i);
            }
        }
        capture.explore(roots);
        boolean createGraph = b.pass().createGraph;
        Pass.run(roots, grads, new Pass("checkpoint", createGraph, createGraph, capture));
        @Nullable Tensor[] captured = capture.gradients();
        for (int i = 0; i < captured.length; i++) {
            Tensor g = captured[i];
            if (g != null) {
                b.set(i, b.open(g));
            }
        }
    }

    /// Runs the body as the first time: with the same random numbers and policy for ops.
    private List<Tensor> again(List<Tensor> args) {
        Generator g = Generator.getDefault();
        long seedNow = g.seed();
        long positionNow = g.position();
        g.restore(seed, position);
        List<Tensor> made;
        try (Context.Mode _ = Context.gradients(true); Context.Mode _ = Context.policy(policy)) {
            made = body.apply(args);
        } finally {
            g.restore(seedNow, positionNow);
        }
        TensorType[] types = typesOf(made);
        boolean same = types.length == outTypes.length;
        for (int j = 0; same && j < types.length; j++) {
            same = types[j].dtype() == outTypes[j].dtype() && types[j].shape().equals(outTypes[j].shape());
        }
        if (!same) {
            throw new TensorException("checkpoint: computed again, the function returned " + Arrays.toString(types)
                    + ", the first time " + Arrays.toString(outTypes) + ": it must do the same each time");
        }
        return made;
    }
}
