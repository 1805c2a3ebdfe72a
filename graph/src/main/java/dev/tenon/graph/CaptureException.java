package dev.tenon.graph;

import dev.tenon.api.TensorException;

/// A function did something that cannot be part of a graph, such as reading a value. The message names the line and
/// what to do instead.
public final class CaptureException extends TensorException {
    private static final long serialVersionUID = 1L;

    /// An exception with the given message.
    public CaptureException(String message) {
        super(message);
    }
}
