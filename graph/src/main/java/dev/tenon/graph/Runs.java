package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.CopyOp;
import dev.tenon.graph.Graph.Update;
import java.util.ArrayList;
import java.util.List;

/// The ways in which a graph can run: by its plan, op by op, or into a capture that is going on.
final class Runs {
    private static final boolean EAGER = Boolean.getBoolean("tenon.graph.eager");
    private static final ThreadLocal<Boolean> EAGER_HERE = ThreadLocal.withInitial(() -> EAGER);

    private Runs() {}

    /// Lets graphs run op by op on this thread until closed.
    static Context.Mode eagerly(boolean on) {
        boolean before = EAGER_HERE.get();
        EAGER_HERE.set(on);
        return () -> EAGER_HERE.set(before);
    }

    /// Looking for NaN is done op by op, too.
    private static boolean isEager() {
        return EAGER_HERE.get() || Context.detectsAnomalies();
    }

    static List<Tensor> run(Graph g, List<Tensor> feeds) {
        return run(g, feeds, new Draws(g.sources()));
    }

    static List<Tensor> run(Graph g, List<Tensor> feeds, Draws draws) {
        if (Context.isRecording()) {
            return inline(g, feeds);
        }
        if (Context.tracksGradients() && feeds.stream().anyMatch(Tensor::requiresGrad)) {
            throw new TensorException("graph " + g.name() + ": an input requires a gradient, which a run of a graph"
                    + " does not give: use Graphs.compile, detach() the input, or run under Context.noGrad()");
        }
        if (g.updates().isEmpty() && g.gradients().isEmpty()) {
            return runOnce(g, feeds, draws);
        }
        synchronized (g.updating()) {
            return runOnce(g, feeds, draws);
        }
    }

    private static List<Tensor> runOnce(Graph g, List<Tensor> feeds, Draws draws) {
        return isEager() ? EagerRun.run(g, feeds, draws) : g.plan().run(feeds, draws);
    }

    /// Records the nodes of a graph into the capture that is going on, or lets the tape follow them.
    static List<Tensor> inline(Graph g, List<Tensor> feeds) {
        if (!g.gradients().isEmpty()) {
            throw new TensorException("graph " + g.name() + ": sets gradients of leaves, which cannot be part of"
                    + " another capture");
        }
        Interpreter it = new Interpreter(g, feeds, Draws.NONE);
        // Policies were asked when the graph was captured.
        try (Context.Mode _ = Context.policy(null)) {
            it.run();
        }
        List<Tensor> out = it.outputs();
        List<Tensor> changes = new ArrayList<>();
        for (Update u : g.updates()) {
            changes.add(it.tensor(u.value()));
        }
        for (int i = 0; i < changes.size(); i++) {
            Tensor p = g.updates().get(i).parameter().tensor();
            try (Context.Mode _ = Context.noGrad()) {
                Dispatcher.applyInto(CopyOp.SAME, List.of(changes.get(i)), List.of(p));
            }
        }
        return out;
    }
}
