package dev.tenon.autograd;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.Composite;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.GradState;
import dev.tenon.api.spi.GradientEngine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reverse-mode differentiation of graphs that are recorded as they run. Found by the API; users call the methods of
/// [Tensor] and of [Gradients].
public final class Engine implements GradientEngine {
    /// The engine. Stateless: graphs are reachable from their results only.
    public Engine() {}

    @Override
    public boolean hasRule(Op op) {
        return Rules.of(op) != null;
    }

    @Override
    public void check(Op op, List<Tensor> in) {
        for (int i = 0; i < in.size(); i++) {
            Node.checkCurrent(op.name(), in.get(i));
        }
        Rule<Op> rule = Rules.of(op);
        if (rule != null) {
            rule.check(op, in);
        } else if (!(op instanceof Composite)) {
            List<TensorType> out = op.infer(in.stream().map(Tensor::type).toList());
            if (out.stream().anyMatch(t -> t.dtype().isFloating())) {
                throw new TensorException(op.name() + ": has no gradient, but an operand requires one: detach() the"
                        + " operands, run it under Context.noGrad(), or wrap it in a Function with a backward");
            }
        }
    }

    @Override
    public void checkInPlace(Op op, List<Tensor> in, List<Tensor> into) {
        check(op, in);
        Rule<Op> rule = Rules.of(op);
        if (rule != null) {
            rule.save(op, new Link(op, in, into, null));
        } else {
            throw new TensorException(op.name() + ": in place while gradients are tracked: the op has no rule of its"
                    + " own; compute a new tensor");
        }
    }

    @Override
    public void link(Op op, List<Tensor> in, List<Tensor> out) {
        Rule<Op> rule = Rules.of(op);
        if (rule == null || !anyFloating(out)) {
            return;
        }
        OpNode<Op> node = new OpNode<>(op, rule, in, out);
        rule.save(op, new Link(op, in, out, node));
        for (int j = 0; j < out.size(); j++) {
            if (out.get(j).dtype().isFloating()) {
                node.adopt(out.get(j), j);
            }
        }
        if (Context.detectsAnomalies()) {
            node.site = new Throwable();
        }
    }

    private static boolean anyFloating(List<Tensor> out) {
        for (int j = 0; j < out.size(); j++) {
            if (out.get(j).dtype().isFloating()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void linkInPlace(Op op, List<Tensor> in, List<Tensor> out) {
        for (Tensor t : in) {
            if (t.requiresGrad()) {
                link(op, in, out);
                return;
            }
        }
        // Overwritten with values that depend on nothing.
        for (Tensor t : out) {
            t.gradState().clearNode();
        }
    }

    @Override
    public void backward(List<Tensor> roots, List<@Nullable Tensor> gradients, boolean retainGraph,
            boolean createGraph) {
        for (Tensor t : roots) {
            if (!t.requiresGrad()) {
                throw new TensorException("backward: " + t.type() + " requires no gradient: none of the tensors that it"
                        + " was computed from does, or gradients were not tracked; mark leaves with"
                        + " requiresGrad(true)");
            }
            Node.checkCurrent("backward", t);
        }
        Pass.run(roots, gradients, new Pass("backward", retainGraph, createGraph, null));
    }

    /// Whether the state of an output is still about it: the tensor was not changed in place by a later node. One that
    /// was closed has no node any more, but its hooks stay.
    static boolean isOutput(@Nullable GradState s, Node n, int j) {
        return s != null && (s.node() == null || s.node() == n && s.output() == j);
    }
}
