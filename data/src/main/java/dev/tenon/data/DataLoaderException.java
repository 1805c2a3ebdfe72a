package dev.tenon.data;

/// A batch could not be loaded. Says which one; the cause says why, and is a [SampleException] where one sample failed.
public class DataLoaderException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// @param message says which batch
    /// @param cause what went wrong in the worker
    public DataLoaderException(String message, Throwable cause) {
        super(message, cause);
    }
}
