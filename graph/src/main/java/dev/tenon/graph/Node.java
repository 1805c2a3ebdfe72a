package dev.tenon.graph;

import dev.tenon.api.Device;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.graph.Value.Result;
import java.util.ArrayList;
import java.util.List;

/// One op of a graph with its operands. Immutable, compared by identity; made by a [GraphWriter].
public final class Node {
    private final Op op;
    private final List<Value> inputs;
    private final List<Result> outputs;
    private final Device device;
    private final Origin origin;
    private final int sourcesBefore;

    Node(Op op, List<? extends Value> inputs, Device device, Origin origin, int sourcesBefore) {
        this.op = op;
        this.inputs = List.copyOf(inputs);
        this.device = device;
        this.origin = origin;
        this.sourcesBefore = sourcesBefore;
        Device where = op instanceof CopyOp c ? c.device().orElse(device) : device;
        List<TensorType> types = op.infer(this.inputs.stream().map(Value::type).toList());
        List<Result> out = new ArrayList<>();
        for (int j = 0; j < types.size(); j++) {
            out.add(new Result(this, j, types.get(j), where));
        }
        this.outputs = List.copyOf(out);
    }

    /// The op: attributes only. A [ControlOp] holds the graphs of its bodies.
    public Op op() {
        return op;
    }

    /// The operands.
    public List<Value> inputs() {
        return inputs;
    }

    /// Operand `i`.
    public Value input(int i) {
        return inputs.get(i);
    }

    /// The results.
    public List<Result> outputs() {
        return outputs;
    }

    /// Result `j`.
    public Result output(int j) {
        return outputs.get(j);
    }

    /// The only result.
    public Result output() {
        if (outputs.size() != 1) {
            throw new IllegalStateException(op.name() + " has " + outputs.size() + " results");
        }
        return outputs.getFirst();
    }

    /// Where the op runs.
    public Device device() {
        return device;
    }

    /// The line of the program that recorded the op.
    public Origin origin() {
        return origin;
    }

    /// How many of the graph's [Graph#sources()] a run draws from before this node at the latest, if it draws itself.
    int sourcesBefore() {
        return sourcesBefore;
    }

    @Override
    public String toString() {
        return op.name() + inputs + " at " + origin;
    }
}
