package dev.tenon.conformance;

/// A call whose result cannot be compared: PyTorch leaves it open, or it asks for what this library has on purpose
/// another way. Such a case counts as skipped; the message says why.
final class NotComparable extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotComparable(String why) {
        super(why);
    }
}
