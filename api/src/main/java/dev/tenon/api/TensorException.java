package dev.tenon.api;

/// A tensor operation was asked for something that it cannot do: shapes that do not fit, a dtype it does not take, an
/// index out of range, operands on different devices. The message names the op, the operands, what was expected and
/// what to do.
public class TensorException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// A tensor exception with the given message.
    public TensorException(String message) {
        super(message);
    }

    /// A tensor exception with the given message and cause.
    public TensorException(String message, Throwable cause) {
        super(message, cause);
    }
}
