package dev.tenon.nn;

import dev.tenon.api.Tensor;

/// A tensor that belongs to a module's state without being trained, such as running statistics.
public final class Buffer extends Slot {
    private final boolean persistent;

    Buffer(Tensor initial, boolean persistent) {
        super(owned(initial), true);
        this.persistent = persistent;
    }

    /// Whether the buffer is part of the state dict.
    public boolean isPersistent() {
        return persistent;
    }

    @Override
    public String toString() {
        return "Buffer(" + get().type() + ")";
    }
}
