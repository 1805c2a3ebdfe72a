package dev.tenon.onnx;

import dev.tenon.api.Shape;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a model declares about a value.
public sealed interface ValueType {

    /// A tensor.
    ///
    /// @param element the element type
    /// @param dims one word for each axis: an extent, a name for one that varies, or "?"; null if not even the number
    ///     of axes is declared
    record OfTensor(OnnxType element, @Nullable List<String> dims) implements ValueType {
        /// The declared shape, if every extent is a number.
        public Optional<Shape> shape() {
            if (dims == null || !dims.stream().allMatch(OfTensor::isNumber)) {
                return Optional.empty();
            }
            return Optional.of(Shape.of(dims.stream().mapToLong(Long::parseLong).toArray()));
        }

        /// Whether a tensor of the given shape is one that was declared.
        public boolean admits(Shape shape) {
            if (dims == null) {
                return true;
            }
            boolean fits = dims.size() == shape.rank();
            for (int i = 0; fits && i < dims.size(); i++) {
                fits = !isNumber(dims.get(i)) || Long.parseLong(dims.get(i)) == shape.dim(i);
            }
            return fits;
        }

        private static boolean isNumber(String dim) {
            return dim.chars().allMatch(c -> c >= '0' && c <= '9') && !dim.isEmpty() && dim.length() < 19;
        }

        @Override
        public String toString() {
            return element + (dims == null ? "" : dims.stream().collect(Collectors.joining(", ", "[", "]")));
        }
    }

    /// A sequence.
    record OfSequence(ValueType element) implements ValueType {
        @Override
        public String toString() {
            return "sequence(" + element + ")";
        }
    }

    /// An optional value.
    record OfOptional(ValueType element) implements ValueType {
        @Override
        public String toString() {
            return "optional(" + element + ")";
        }
    }

    /// A map.
    record OfMap(OnnxType key, ValueType value) implements ValueType {
        @Override
        public String toString() {
            return "map(" + key + ", " + value + ")";
        }
    }

    /// Nothing is declared.
    record Undeclared() implements ValueType {
        @Override
        public String toString() {
            return "?";
        }
    }
}
