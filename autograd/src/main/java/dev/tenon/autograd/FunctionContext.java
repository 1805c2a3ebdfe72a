package dev.tenon.autograd;

import dev.tenon.api.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the forward pass of a [Function] hands to its backward pass.
public final class FunctionContext {
    private final boolean[] needs;
    private final Map<String, Object> attributes;
    private final List<Tensor> nonDifferentiable = new ArrayList<>();
    private final List<Tensor> saved;
    private final boolean forward;

    FunctionContext(boolean[] needs) {
        this(needs, new HashMap<>(), new ArrayList<>(), true);
    }

    private FunctionContext(boolean[] needs, Map<String, Object> attributes, List<Tensor> saved, boolean forward) {
        this.needs = needs;
        this.attributes = attributes;
        this.saved = saved;
        this.forward = forward;
    }

    /// This context as the backward pass sees it.
    FunctionContext forBackward(boolean[] needed, List<Tensor> unpacked) {
        return new FunctionContext(needed, attributes, unpacked, false);
    }

    /// Saves tensors for the backward pass: inputs, outputs or others. They are freed after it, and a change in place
    /// in between is noticed. Tensors must be saved here rather than in fields for both to hold, and for gradients to
    /// flow through saved inputs and outputs at higher orders.
    ///
    /// @throws IllegalStateException if called in the backward pass
    public void saveForBackward(Tensor... tensors) {
        if (!forward) {
            throw new IllegalStateException("saveForBackward: is for the forward pass");
        }
        saved.addAll(Arrays.asList(tensors));
    }

    /// What [#saveForBackward] was given, in that order.
    public List<Tensor> savedTensors() {
        return List.copyOf(saved);
    }

    /// Saved tensor number `i`.
    public Tensor saved(int i) {
        return saved.get(i);
    }

    /// Whether the gradient of input `i` is needed; what [Function#backward] returns for others is ignored.
    public boolean needsInputGrad(int i) {
        return needs[i];
    }

    /// Says that no gradients flow through these outputs.
    public void markNonDifferentiable(Tensor... outputs) {
        nonDifferentiable.addAll(Arrays.asList(outputs));
    }

    /// Keeps a value for the backward pass.
    public void set(String name, Object value) {
        attributes.put(name, value);
    }

    /// A value kept by [#set].
    ///
    /// @throws IllegalStateException if there is none of that name and type
    public <T> T get(String name, Class<T> type) {
        @Nullable Object value = attributes.get(name);
        if (!type.isInstance(value)) {
            throw new IllegalStateException("the context has no " + type.getSimpleName() + " named " + name
                    + "; it has " + attributes.keySet());
        }
        return type.cast(value);
    }

    /// Lets go of what the node has saved now.
    void forget() {
        saved.clear();
        nonDifferentiable.clear();
    }

    boolean isDifferentiable(Tensor output) {
        for (Tensor t : nonDifferentiable) {
            if (t == output) {
                return false;
            }
        }
        return true;
    }
}
