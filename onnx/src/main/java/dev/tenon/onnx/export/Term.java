package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;

/// A value of the file that is written: its name, and what it holds.
record Term(String name, DType dtype, Shape shape) {
    int rank() {
        return shape.rank();
    }
}
