package dev.tenon.autograd;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A differentiable operation with a gradient of its own: one node in the graph, whatever the forward pass does.
///
/// ```java
/// final class Sigmoid extends Function {
///     @Override
///     protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
///         Tensor y = inputs.getFirst().neg().exp().add(1).reciprocal();
///         ctx.saveForBackward(y);
///         return List.of(y);
///     }
///
///     @Override
///     protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
///         Tensor y = ctx.saved(0);
///         return List.of(gradOutputs.getFirst().mul(y).mul(y.rsub(1)));
///     }
/// }
/// Tensor y = new Sigmoid().apply(x);
/// ```
///
/// A gradient that is written with tensor operations is itself differentiable.
public abstract class Function {
    /// For subclasses.
    protected Function() {}

    /// Computes the outputs; runs without gradients being tracked.
    protected abstract List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs);

    /// Computes the gradient of each input, of its shape and dtype; null where there is none. There is a gradient for
    /// each output, zeros for those that led nowhere.
    protected abstract List<? extends @Nullable Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs);

    /// The name in messages and drawings: that of the class.
    public String name() {
        String s = getClass().getSimpleName();
        return s.isEmpty() ? "Function" : s;
    }

    /// The only output for the given inputs.
    ///
    /// @throws TensorException if there are several outputs
    public final Tensor apply(Tensor... inputs) {
        List<Tensor> out = applyAll(Arrays.asList(inputs));
        if (out.size() != 1) {
            throw new TensorException(name() + ": forward returned " + out.size() + " outputs: use applyAll");
        }
        return out.getFirst();
    }

    /// The outputs for the given inputs.
    public final List<Tensor> applyAll(List<Tensor> inputs) {
        List<Tensor> in = List.copyOf(inputs);
        boolean[] needs = new boolean[in.size()];
        boolean any = false;
        for (int i = 0; i < needs.length; i++) {
            needs[i] = Context.tracksGradients() && in.get(i).requiresGrad();
            any |= needs[i];
            if (needs[i]) {
                Node.checkCurrent(name(), in.get(i));
            }
        }
        FunctionContext ctx = new FunctionContext(needs);
        List<Tensor> made = Context.noGrad(() -> List.copyOf(forward(ctx, in)));
        if (made.isEmpty()) {
            throw new TensorException(name() + ": forward returned no outputs");
        }
        List<Tensor> out = new ArrayList<>();
        for (Tensor t : made) {
            // What was handed through must not take its old history, nor lend its state, to the result.
            out.add(t.requiresGrad() || in.contains(t) ? t.detach() : t);
        }
        if (any) {
            link(ctx, in, made, out);
        }
        return out;
    }

    private void link(FunctionContext ctx, List<Tensor> in, List<Tensor> made, List<Tensor> out) {
        FunctionNode node = new FunctionNode(this, ctx, in, made);
        for (int j = 0; j < out.size(); j++) {
            if (out.get(j).dtype().isFloating() && ctx.isDifferentiable(made.get(j))) {
                node.adopt(out.get(j), j);
            }
        }
        ctx.forget();
        if (Context.detectsAnomalies()) {
            node.site = new Throwable();
        }
    }
}
