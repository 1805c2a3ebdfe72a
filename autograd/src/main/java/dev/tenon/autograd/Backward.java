package dev.tenon.autograd;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a gradient rule sees when a pass reaches its node: the gradients of the results, what was saved, and where to
/// put the gradients of the operands.
final class Backward {
    private final Node node;
    private final Pass pass;
    private final @Nullable Tensor[] grads;
    private final @Nullable Tensor[] results;
    private @Nullable List<Tensor> opened;

    Backward(Node node, Pass pass, @Nullable Tensor[] grads) {
        this.node = node;
        this.pass = pass;
        this.grads = grads;
        this.results = new Tensor[node.parents.length];
    }

    /// The gradient of output j, or null if the output led nowhere.
    @Nullable Tensor gradOrNull(int j) {
        return grads[j];
    }

    /// The gradient of output j; zeros if the output led nowhere.
    Tensor grad(int j) {
        Tensor g = grads[j];
        if (g == null) {
            TensorType t = node.outTypes[j];
            g = Tensors.zeros(t.shape(), t.dtype(), node.outDevice);
        }
        return g;
    }

    /// The gradient of the only differentiable output.
    Tensor grad() {
        return grad(0);
    }

    /// Whether the gradient of operand i is wanted.
    boolean needs(int i) {
        Node p = node.parents[i];
        return p != null && pass.wants(p);
    }

    /// Operand i, if it was saved.
    Tensor input(int i) {
        return unpack(i);
    }

    /// Output j, if it was saved.
    Tensor output(int j) {
        return unpack(node.parents.length + j);
    }

    /// The tensor saved at a place, with its history where the gradients are to be differentiable.
    Tensor unpack(int place) {
        return unpack(place, place);
    }

    /// The tensor saved at a place, with the history of operand or output `origin`; of neither for a negative one.
    Tensor unpack(int place, int origin) {
        Tensor t = node.saved(place);
        int inputs = node.parents.length;
        if (!pass.createGraph || origin < 0) {
            return t;
        }
        boolean output = origin >= inputs;
        Node from = output ? node : node.parents[origin];
        if (from == null || output && !t.dtype().isFloating()) {
            return t;
        }
        return open(Node.withHistory(t, from, output ? origin - inputs : node.slots[origin]));
    }

    /// Closes the handle after the gradients were taken.
    Tensor open(Tensor t) {
        List<Tensor> o = opened;
        if (o == null) {
            o = new ArrayList<>();
            opened = o;
        }
        o.add(t);
        return t;
    }

    int inputs() {
        return node.parents.length;
    }

    TensorType inType(int i) {
        return node.inTypes[i];
    }

    TensorType outType(int j) {
        return node.outTypes[j];
    }

    Node node() {
        return node;
    }

    Pass pass() {
        return pass;
    }

    /// Sets the gradient of operand i.
    void set(int i, Tensor g) {
        results[i] = g;
    }

    @Nullable Tensor[] results() {
        return results;
    }

    void close() {
        if (opened != null) {
            opened.forEach(Tensor::close);
        }
    }
}
