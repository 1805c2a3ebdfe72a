package dev.tenon.nn;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.util.function.UnaryOperator;

/// A place that holds a tensor which belongs to no scope: what stays when `to(Device)` puts another tensor there.
abstract sealed class Slot permits Parameter, Buffer {
    private Tensor value;
    private final boolean owned;

    /// @param owned whether the tensor is closed when another takes its place
    Slot(Tensor value, boolean owned) {
        this.value = value;
        this.owned = owned;
    }

    /// A handle of our own on the tensor's values: without history, in no scope, contiguous. It shares memory with the
    /// tensor given unless that is a view.
    static Tensor owned(Tensor initial) {
        if (initial.isContiguous() && !initial.isView()) {
            return initial.alias();
        }
        try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.noGrad()) {
            return initial.clone();
        }
    }

    /// The tensor that is there now. Ask for it where it is used: [Module#to(Device)] puts another there.
    public Tensor get() {
        return value;
    }

    /// The shape.
    public Shape shape() {
        return value.shape();
    }

    /// The element type.
    public DType dtype() {
        return value.dtype();
    }

    /// The device.
    public Device device() {
        return value.device();
    }

    /// The number of elements.
    public long elements() {
        return value.elements();
    }

    /// Puts the converted tensor in the place of the present one.
    void replace(UnaryOperator<Tensor> conversion) {
        Tensor before = value;
        Tensor after = converted(before, conversion);
        if (after == before) {
            return;
        }
        moved(before, after, conversion);
        value = after;
        if (owned) {
            before.close();
        }
    }

    static Tensor converted(Tensor t, UnaryOperator<Tensor> conversion) {
        try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.noGrad()) {
            return conversion.apply(t);
        }
    }

    /// Carries over what the tensor knows beside its values.
    void moved(Tensor before, Tensor after, UnaryOperator<Tensor> conversion) {}
}
