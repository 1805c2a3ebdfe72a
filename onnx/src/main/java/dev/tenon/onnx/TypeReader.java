package dev.tenon.onnx;

import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads what files declare about values.
final class TypeReader {
    private TypeReader() {}

    /// Reads a declaration.
    ///
    /// @param what names the value in messages
    static ValueType read(TypeProto proto, String what, int depth) throws OnnxException {
        if (depth > 16) {
            throw new OnnxException(what + ": its type is nested more than 16 deep");
        }
        return switch (proto.getValueCase()) {
            case TENSOR_TYPE -> tensor(proto.getTensorType().getElemType(),
                    proto.getTensorType().hasShape() ? proto.getTensorType().getShape() : null, what);
            case SPARSE_TENSOR_TYPE -> tensor(proto.getSparseTensorType().getElemType(),
                    proto.getSparseTensorType().hasShape() ? proto.getSparseTensorType().getShape() : null, what);
            case SEQUENCE_TYPE ->
                    new ValueType.OfSequence(read(proto.getSequenceType().getElemType(), what, depth + 1));
            case OPTIONAL_TYPE ->
                    new ValueType.OfOptional(read(proto.getOptionalType().getElemType(), what, depth + 1));
            case MAP_TYPE -> new ValueType.OfMap(element(proto.getMapType().getKeyType(), what),
                    read(proto.getMapType().getValueType(), what, depth + 1));
            case OPAQUE_TYPE -> throw new OnnxException(what + ": opaque types are not supported");
            case VALUE_NOT_SET -> new ValueType.Undeclared();
        };
    }

    private static OnnxType element(int code, String what) throws OnnxException {
        return OnnxType.ofCode(code).orElseThrow(() -> new OnnxException(
                what + ": element type " + code + " is unknown; known are " + OnnxType.known()));
    }

    private static ValueType tensor(int code, @Nullable TensorShapeProto shape, String what) throws OnnxException {
        if (code == 0) {
            return new ValueType.Undeclared();
        }
        List<String> dims = null;
        if (shape != null) {
            dims = new ArrayList<>();
            for (TensorShapeProto.Dimension d : shape.getDimList()) {
                dims.add(d.hasDimValue() && d.getDimValue() >= 0 ? Long.toString(d.getDimValue())
                        : d.hasDimParam() && !d.getDimParam().isEmpty() ? d.getDimParam() : "?");
            }
        }
        return new ValueType.OfTensor(element(code, what), dims);
    }
}
