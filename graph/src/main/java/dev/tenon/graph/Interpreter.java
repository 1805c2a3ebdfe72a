package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import dev.tenon.graph.Value.Constant;
import dev.tenon.graph.Value.Input;
import dev.tenon.graph.Value.Parameter;
import dev.tenon.graph.Value.Result;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// Walks a graph node by node with ordinary tensor operations: to run it eagerly, to record it into another graph, to
/// follow it with the tape.
final class Interpreter {
    private final Graph graph;
    private final Map<Value, Tensor> values = new IdentityHashMap<>();
    private final Draws draws;

    /// @param draws the numbers of this run; null leaves sources as they are, for recording
    Interpreter(Graph graph, List<Tensor> inputs, Draws draws) {
        this.graph = graph;
        this.draws = draws;
        for (int i = 0; i < inputs.size(); i++) {
            values.put(graph.inputs().get(i), inputs.get(i));
        }
    }

    /// Takes another tensor for a parameter: one with a history.
    void parameter(Parameter p, Tensor t) {
        values.put(p, t);
    }

    /// Computes all nodes in the modes of the thread.
    ///
    /// @return this
    Interpreter run() {
        for (Node n : graph.nodes()) {
            List<Tensor> out;
            try {
                out = apply(n);
            } catch (RuntimeException e) {
                throw Failures.at(n, e);
            }
            for (int j = 0; j < out.size(); j++) {
                values.put(n.output(j), out.get(j));
            }
        }
        draws.rest();
        return this;
    }

    private List<Tensor> apply(Node n) {
        Op op = draws.resolve(n);
        if (n.inputs().isEmpty()) {
            return op instanceof MapOp m ? List.of(Dispatcher.create(m, n.device()))
                    : Dispatcher.withoutKernel(op, List.of(), n.device());
        }
        if (op instanceof ControlOp c && !Context.isRecording()) {
            return c.evaluate(n.inputs().stream().map(this::tensor).toList());
        }
        List<Tensor> in = new ArrayList<>(n.inputs().size());
        for (Value v : n.inputs()) {
            in.add(tensor(v));
        }
        return Dispatcher.apply(op, Views.viewable(op, in));
    }

    /// The tensor of a value.
    Tensor tensor(Value v) {
        Tensor t = switch (v) {
            case Input i -> values.get(i);
            case Result r -> values.get(r);
            case Parameter p -> values.getOrDefault(p, p.tensor());
            case Constant c -> c.tensor();
        };
        if (t == null) {
            throw new IllegalStateException("graph " + graph.name() + ": " + v + " has no value yet");
        }
        return t;
    }

    /// The outputs.
    List<Tensor> outputs() {
        return graph.outputs().stream().map(o -> tensor(o.value())).toList();
    }
}
