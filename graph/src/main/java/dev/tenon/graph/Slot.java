package dev.tenon.graph;

import dev.tenon.api.op.TensorType;

/// A tensor within a buffer.
///
/// @param offset of the first element, in elements; for fixed memory from its start
record Slot(Buffer buffer, long offset, TensorType type) {
    long byteOffset() {
        return offset * type.dtype().bytes();
    }
}
