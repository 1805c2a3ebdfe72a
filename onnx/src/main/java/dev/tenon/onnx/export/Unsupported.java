package dev.tenon.onnx.export;

/// An op has no counterpart in the format; the message says why.
final class Unsupported extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unsupported(String reason) {
        super(reason);
    }
}
