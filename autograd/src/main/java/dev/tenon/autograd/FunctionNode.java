package dev.tenon.autograd;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The node of a [Function].
final class FunctionNode extends Node {
    private final Function function;
    private final FunctionContext context;

    /// For each saved tensor the operand or output that it is, outputs after operands, or -1.
    private final int[] origins;

    FunctionNode(Function function, FunctionContext context, List<Tensor> in, List<Tensor> out) {
        super(nextSequence(), parentsOf(in), slotsOf(in), typesOf(in), typesOf(out),
                in.getFirst().device(), out.getFirst().device());
        this.function = function;
        this.context = context;
        List<Tensor> saved = context.savedTensors();
        this.origins = new int[saved.size()];
        for (int k = 0; k < origins.length; k++) {
            Tensor t = saved.get(k);
            int i = in.indexOf(t);
            int j = out.indexOf(t);
            origins[k] = i >= 0 ? i : j >= 0 ? in.size() + j : -1;
            save(place(k), place(origins.length), t);
        }
    }

    private int place(int k) {
        return parents.length + outTypes.length + k;
    }

    @Override
    public String name() {
        return function.name();
    }

    @Override
    void backward(Backward b) {
        List<Tensor> unpacked = new ArrayList<>();
        for (int k = 0; k < origins.length; k++) {
            unpacked.add(b.unpack(place(k), origins[k]));
        }
        boolean[] needs = new boolean[parents.length];
        for (int i = 0; i < needs.length; i++) {
            needs[i] = b.needs(i);
        }
        List<Tensor> grads = new ArrayList<>();
        for (int j = 0; j < outTypes.length; j++) {
            grads.add(b.grad(j));
        }
        List<? extends @Nullable Tensor> results = function.backward(context.forBackward(needs, unpacked), grads);
        if (results.size() != parents.length) {
            throw new TensorException(name() + ": backward returned " + results.size() + " gradients for "
                    + parents.length + " inputs: return one for each, null where there is none");
        }
        for (int i = 0; i < parents.length; i++) {
            Tensor g = results.get(i);
            if (g != null && needs[i]) {
                if (!g.shape().equals(inTypes[i].shape()) || g.dtype() != inTypes[i].dtype()) {
                    throw new TensorException(name() + ": backward returned a gradient " + g.type() + " for input " + i
                            + ", which is " + inTypes[i] + ": shape and dtype must be equal");
                }
                b.set(i, g);
            }
        }
    }
}
