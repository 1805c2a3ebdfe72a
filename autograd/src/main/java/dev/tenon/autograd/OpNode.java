package dev.tenon.autograd;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.Op;
import java.util.List;

/// The node of an op that has a rule.
final class OpNode<O extends Op> extends Node {
    private final O op;
    private final Rule<O> rule;

    OpNode(O op, Rule<O> rule, List<Tensor> in, List<Tensor> out) {
        super(nextSequence(), parentsOf(in), slotsOf(in), typesOf(in), typesOf(out), in.getFirst().device(),
                out.getFirst().device());
        this.op = op;
        this.rule = rule;
    }

    @Override
    public String name() {
        return op.name();
    }

    @Override
    void backward(Backward b) {
        rule.backward(op, b);
    }
}
