package dev.tenon.graph;

import dev.tenon.api.TensorException;

/// An op of a graph failed in a run. The message names the op, the types of its operands and the line that recorded it;
/// the cause is the error itself.
public final class GraphException extends TensorException {
    private static final long serialVersionUID = 1L;

    /// An exception with the given message and cause.
    public GraphException(String message, Throwable cause) {
        super(message, cause);
    }
}
