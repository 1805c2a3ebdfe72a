package dev.tenon.onnx;

import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// What an ONNX model takes and gives: a tensor, a tensor of strings, a sequence, an optional value or a map.
///
/// ```java
/// OnnxValue x = OnnxValue.of(Tensors.rand(1, 3, 224, 224));
/// Tensor y = model.run(Map.of("x", x)).get("y").tensor();
/// ```
public sealed interface OnnxValue {

    /// A tensor of numbers, with the element type that ONNX knows it by.
    ///
    /// @param type the element type
    /// @param tensor of the dtype in which `type` is held; with a last axis of two if `type` is complex
    /// @param constant whether it is the same at every run, so that shapes may depend on it in a captured graph
    record OfTensor(OnnxType type, Tensor tensor, boolean constant) implements OnnxValue {
        /// Checks that the tensor can hold the type.
        public OfTensor {
            if (tensor.dtype() != type.dtype()) {
                throw new IllegalArgumentException("ONNX's " + type + " is held in dtype " + type.dtype()
                        + ", the tensor has dtype " + tensor.dtype() + ": convert it with to(DType)");
            }
        }

        @Override
        public Shape shape() {
            Shape s = tensor.shape();
            return type.isComplex() ? s.slice(0, s.rank() - 1) : s;
        }

        @Override
        public String toString() {
            return type + shape().toString();
        }
    }

    /// A tensor of strings, on the host.
    ///
    /// @param values in row-major order
    record Strings(Shape shape, List<String> values) implements OnnxValue {
        /// Copies the values and checks their number.
        public Strings {
            values = List.copyOf(values);
            if (values.size() != shape.elements()) {
                throw new IllegalArgumentException(values.size() + " strings for shape " + shape);
            }
        }

        @Override
        public OnnxType type() {
            return OnnxType.STRING;
        }

        @Override
        public String toString() {
            return "string" + shape;
        }
    }

    /// Values one after the other.
    record Sequence(List<OnnxValue> values) implements OnnxValue {
        /// Copies the list.
        public Sequence {
            values = List.copyOf(values);
        }

        @Override
        public String toString() {
            return "sequence of " + values.size();
        }
    }

    /// A value, or none.
    ///
    /// @param value null if there is none
    record Optional(@Nullable OnnxValue value) implements OnnxValue {
        @Override
        public String toString() {
            return value == null ? "optional without a value" : "optional " + value;
        }
    }

    /// Numbers or values by keys.
    ///
    /// @param values keys are Long or String, values Long, Float, Double, String or OnnxValue
    record OfMap(Map<Object, Object> values) implements OnnxValue {
        @Override
        public String toString() {
            return "map of " + values.size();
        }
    }

    /// A tensor under the element type that corresponds to its dtype.
    static OnnxValue of(Tensor tensor) {
        return new OfTensor(OnnxType.of(tensor.dtype()), tensor, false);
    }

    /// A tensor under an element type that is held in its dtype: `UINT16` in `I32`, for example.
    static OnnxValue of(OnnxType type, Tensor tensor) {
        return new OfTensor(type, tensor, false);
    }

    /// A vector of strings.
    static OnnxValue ofStrings(String... values) {
        return new Strings(Shape.of(values.length), List.of(values));
    }

    /// The tensor.
    ///
    /// @throws IllegalArgumentException if this is something else
    default Tensor tensor() {
        throw new IllegalArgumentException("expected a tensor of numbers, this is a " + this);
    }

    /// The element type of a tensor.
    ///
    /// @throws IllegalArgumentException if this is no tensor
    default OnnxType type() {
        throw new IllegalArgumentException("expected a tensor, this is a " + this);
    }

    /// The shape of a tensor; a complex one's without the axis of the pairs.
    ///
    /// @throws IllegalArgumentException if this is no tensor
    default Shape shape() {
        throw new IllegalArgumentException("expected a tensor, this is a " + this);
    }

    /// The same value with its tensors on another device.
    default OnnxValue to(Device device) {
        return map(v -> v.tensor().device() == device ? v
                : new OfTensor(v.type(), v.tensor().to(device), v instanceof OfTensor t && t.constant()));
    }

    /// The value with every tensor in it replaced.
    private OnnxValue map(UnaryOperator<OnnxValue> change) {
        return switch (this) {
            case OfTensor t -> change.apply(t);
            case Sequence s -> {
                List<OnnxValue> out = new ArrayList<>();
                s.values.forEach(v -> out.add(v.map(change)));
                yield new Sequence(out);
            }
            case Optional o -> o.value == null ? o : new Optional(o.value.map(change));
            case Strings s -> s;
            case OfMap m -> m;
        };
    }
}
