package dev.tenon.backend.cuda;

/// A call of the driver that failed.
final class DriverException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int code;

    /// @param call the function, such as `cuMemAlloc`
    /// @param code what it returned
    /// @param name the code's name
    DriverException(String call, int code, String name) {
        super(call + ": " + name + " (" + code + ")");
        this.code = code;
    }

    /// The failure of a library, whose codes are its own.
    DriverException(String message) {
        super(message);
        this.code = -1;
    }

    int code() {
        return code;
    }

    boolean isSticky() {
        return Driver.STICKY.contains(code);
    }
}
