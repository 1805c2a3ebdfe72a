package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.CopyOp;
import dev.tenon.graph.Graph.Gradient;
import dev.tenon.graph.Graph.Update;
import java.util.ArrayList;
import java.util.List;

/// Runs a graph op by op, without a plan: for debugging.
final class EagerRun {
    private EagerRun() {}

    static List<Tensor> run(Graph g, List<Tensor> inputs, Draws draws) {
        try (Context.Mode _ = Context.noGrad(); Context.Mode _ = Context.policy(null); Scope scope = Scope.open()) {
            Interpreter it = new Interpreter(g, inputs, draws).run();
            List<Tensor> outputs = new ArrayList<>();
            for (Tensor t : it.outputs()) {
                outputs.add(scope.keep(isOverwritten(g, t) ? t.clone() : t.detach()));
            }
            List<Tensor> gradients = new ArrayList<>();
            for (Gradient r : g.gradients()) {
                gradients.add(fresh(it.tensor(r.value())));
            }
            List<Tensor> changes = new ArrayList<>();
            for (Update u : g.updates()) {
                Tensor t = it.tensor(u.value());
                changes.add(isOverwritten(g, t) ? t.clone() : t);
            }
            for (int i = 0; i < changes.size(); i++) {
                Dispatcher.applyInto(CopyOp.SAME, List.of(changes.get(i)),
                        List.of(g.updates().get(i).parameter().tensor()));
            }
            for (int i = 0; i < gradients.size(); i++) {
                g.gradients().get(i).leaf().setGrad(gradients.get(i));
            }
            return outputs;
        }
    }

    /// A copy in no scope.
    private static Tensor fresh(Tensor t) {
        try (Context.Mode _ = Context.unscoped()) {
            return t.clone();
        }
    }

    private static boolean isOverwritten(Graph g, Tensor t) {
        return g.updates().stream().anyMatch(u -> u.parameter().tensor().sharesMemoryWith(t));
    }
}
