package dev.tenon.data;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import java.util.Objects;

/// One part of every sample of a data set: the image, the label.
///
/// @param name for messages
/// @param dtype the element type
/// @param shape the shape in one sample; a batch has one more axis in front
public record Field(String name, DType dtype, Shape shape) {
    /// Refuses nulls.
    public Field {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(dtype, "dtype");
        Objects.requireNonNull(shape, "shape");
    }

    /// The bytes that one sample takes.
    public long bytes() {
        return shape.elements() * dtype.bytes();
    }

    @Override
    public String toString() {
        return name + " " + dtype + shape;
    }
}
