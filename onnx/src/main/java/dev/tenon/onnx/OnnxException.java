package dev.tenon.onnx;

import java.io.IOException;

/// A file is no valid ONNX model, or one that uses what is not supported. The message names the file, the node and
/// operator where there is one, what was expected and what to do.
public class OnnxException extends IOException {
    private static final long serialVersionUID = 1L;

    /// An exception with the given message.
    public OnnxException(String message) {
        super(message);
    }

    /// An exception with the given message and cause.
    public OnnxException(String message, Throwable cause) {
        super(message, cause);
    }
}
