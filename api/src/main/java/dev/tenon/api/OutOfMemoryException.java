package dev.tenon.api;

/// A device has no memory left for a tensor, even after unreachable tensors were freed. The message says how much was
/// asked for and how the device's memory is used.
public class OutOfMemoryException extends BackendException {
    private static final long serialVersionUID = 1L;

    /// An out-of-memory exception with the given message.
    public OutOfMemoryException(String message) {
        super(message);
    }

    /// An out-of-memory exception with the given message and cause.
    public OutOfMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
