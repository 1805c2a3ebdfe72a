package dev.tenon.onnx;

import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;

/// The values of Constant nodes.
final class Constants {
    private Constants() {}

    /// The value that an attribute of a Constant node stands for.
    static OnnxValue of(Object attribute, String title, Device device) throws OnnxException {
        return switch (attribute) {
            case OnnxValue v -> v;
            case Long v -> constant(OnnxType.INT64, Tensors.of(new long[] {v}, Shape.SCALAR, device));
            case Double v -> constant(OnnxType.FLOAT, Tensors.of(new float[] {v.floatValue()}, Shape.SCALAR, device));
            case String v -> new OnnxValue.Strings(Shape.SCALAR, List.of(v));
            case long[] v -> constant(OnnxType.INT64, Tensors.of(v, Shape.of(v.length), device));
            case double[] v -> constant(OnnxType.FLOAT, Tensors.of(floats(v), Shape.of(v.length), device));
            case List<?> v when v.stream().allMatch(String.class::isInstance) ->
                new OnnxValue.Strings(Shape.of(v.size()), v.stream().map(String.class::cast).toList());
            default -> throw new OnnxException(title + ": its value is " + Attributes.kind(attribute)
                    + ", expected a tensor, numbers or strings");
        };
    }

    private static OnnxValue constant(OnnxType type, Tensor t) {
        return new OnnxValue.OfTensor(type, t, true);
    }

    static float[] floats(double[] values) {
        float[] f = new float[values.length];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) values[i];
        }
        return f;
    }
}
