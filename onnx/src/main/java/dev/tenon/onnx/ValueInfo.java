package dev.tenon.onnx;

/// A named input or output of a model.
///
/// @param name the name
/// @param type what the model declares about it
public record ValueInfo(String name, ValueType type) {
    @Override
    public String toString() {
        return name + ": " + type;
    }
}
