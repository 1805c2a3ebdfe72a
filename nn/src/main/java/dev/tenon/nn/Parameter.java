package dev.tenon.nn;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A tensor that training changes. Modules register their parameters; optimisers are given them.
///
/// A parameter is a place, not the tensor itself: when a module moves to another device or dtype, another tensor takes
/// the place, and an optimiser made before goes on with it. Parameters belong to no [dev.tenon.api.Scope].
public final class Parameter extends Slot {
    private Parameter(Tensor value, boolean owned) {
        super(value, owned);
    }

    /// A parameter that starts with the values of a tensor (sharing its memory unless it is a view) and requires a
    /// gradient.
    ///
    /// @throws TensorException if the dtype is not floating-point
    public static Parameter startingAt(Tensor initial) {
        if (!initial.dtype().isFloating()) {
            throw new TensorException("parameter: " + initial.type()
                    + " is not floating-point and has no gradient; register it as a buffer");
        }
        return new Parameter(owned(initial).requiresGrad(true), true);
    }

    /// A parameter with memory of its own: `F32` on the default device, in no scope.
    ///
    /// @param fill gives it its first values
    public static Parameter create(Shape shape, Consumer<Tensor> fill) {
        try (Context.Mode _ = Context.unscoped()) {
            Tensor t = Tensors.empty(shape, DType.F32, Device.getDefault());
            fill.accept(t);
            return new Parameter(t.requiresGrad(true), true);
        }
    }

    /// A parameter that is the given tensor itself, for optimisers of tensors that belong to no module. The tensor
    /// must live in no scope that closes before training ends.
    ///
    /// @throws TensorException if the tensor is no leaf that requires a gradient
    public static Parameter of(Tensor leaf) {
        if (!leaf.isLeaf() || !leaf.requiresGrad()) {
            throw new TensorException("parameter: " + leaf.type() + (leaf.isLeaf() ? " requires no gradient"
                    : " was computed by an op") + ": expected a leaf marked with requiresGrad(true)");
        }
        return new Parameter(leaf, false);
    }

    /// The gradient that backward passes have accumulated, or null.
    public @Nullable Tensor grad() {
        return get().grad();
    }

    /// Clears the gradient.
    public void zeroGrad() {
        get().setGrad(null);
    }

    /// Whether backward passes compute a gradient.
    public boolean requiresGrad() {
        return get().requiresGrad();
    }

    /// Switches the gradient on or off (a frozen parameter).
    ///
    /// @return this
    public Parameter requiresGrad(boolean on) {
        get().requiresGrad(on);
        return this;
    }

    @Override
    void moved(Tensor before, Tensor after, UnaryOperator<Tensor> conversion) {
        after.requiresGrad(before.requiresGrad());
        Tensor grad = before.grad();
        if (grad != null) {
            after.setGrad(converted(grad, conversion));
            before.setGrad(null);
        }
    }

    @Override
    public String toString() {
        return "Parameter(" + get().type() + ")";
    }
}
