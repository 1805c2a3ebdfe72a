package dev.tenon.api;

/// A backend or device failed or is missing: no such device, a lost device, a kernel that does not build, an op
/// that the
/// backend does not have. The message names the device, what was tried and what to do.
public class BackendException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /// A backend exception with the given message.
    public BackendException(String message) {
        super(message);
    }

    /// A backend exception with the given message and cause.
    public BackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
