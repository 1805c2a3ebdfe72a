package dev.tenon.autograd;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.Op;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a gradient rule sees when its op is recorded: the operands and results, to save those that it will need.
final class Link {
    private final Op op;
    private final List<Tensor> in;
    private final List<Tensor> out;
    private final @Nullable Node node;

    /// @param node where to save; null only to find out whether a change in place would destroy what is needed
    Link(Op op, List<Tensor> in, List<Tensor> out, @Nullable Node node) {
        this.op = op;
        this.in = in;
        this.out = out;
        this.node = node;
    }

    boolean needs(int i) {
        return in.get(i).requiresGrad();
    }

    int inputs() {
        return in.size();
    }

    Tensor in(int i) {
        return in.get(i);
    }

    Tensor out(int j) {
        return out.get(j);
    }

    void saveInput(int i) {
        Tensor t = in.get(i);
        if (node != null) {
            node.save(i, in.size() + out.size(), t);
            return;
        }
        for (Tensor o : out) {
            if (o.sharesMemoryWith(t)) {
                throw new TensorException(op.name() + ": in place on " + o.type() + ": the gradient needs the value of"
                        + " operand " + i + ", which would be overwritten: use the operation that makes a new tensor");
            }
        }
    }

    void saveOutput(int j) {
        if (node != null) {
            node.save(in.size() + j, in.size() + out.size(), out.get(j));
        }
    }
}
