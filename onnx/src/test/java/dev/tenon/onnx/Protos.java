package dev.tenon.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.tenon.api.Device;
import java.util.Arrays;
import java.util.List;

/// Small models, made message by message.
final class Protos {
    private Protos() {}

    static ValueInfoProto info(String name, OnnxType type, long... dims) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (long d : dims) {
            TensorShapeProto.Dimension.Builder dim = TensorShapeProto.Dimension.newBuilder();
            shape.addDim(d < 0 ? dim.setDimParam("N") : dim.setDimValue(d));
        }
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
                TypeProto.Tensor.newBuilder().setElemType(type.code()).setShape(shape))).build();
    }

    static TensorProto floats(String name, long[] dims, float... values) {
        TensorProto.Builder b = TensorProto.newBuilder().setName(name).setDataType(OnnxType.FLOAT.code());
        Arrays.stream(dims).forEach(b::addDims);
        for (float v : values) {
            b.addFloatData(v);
        }
        return b.build();
    }

    static TensorProto longs(String name, long... values) {
        TensorProto.Builder b = TensorProto.newBuilder().setName(name).setDataType(OnnxType.INT64.code())
                .addDims(values.length);
        Arrays.stream(values).forEach(b::addInt64Data);
        return b.build();
    }

    static NodeProto node(String op, String inputs, String outputs, AttributeProto... attributes) {
        return NodeProto.newBuilder().setOpType(op).setName("n_" + op).addAllInput(words(inputs))
                .addAllOutput(words(outputs)).addAllAttribute(List.of(attributes)).build();
    }

    private static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(" "));
    }

    static AttributeProto integer(String name, long value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INT).setI(value).build();
    }

    static AttributeProto graph(String name, GraphProto value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.GRAPH).setG(value)
                .build();
    }

    static ModelProto model(GraphProto.Builder graph, long opset) {
        return ModelProto.newBuilder().setIrVersion(8).setGraph(graph.setName("g"))
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset)).build();
    }

    /// `y = relu(x w + b)` with x of two columns and y of three.
    static GraphProto.Builder linear() {
        return GraphProto.newBuilder()
                .addInput(info("x", OnnxType.FLOAT, -1, 2))
                .addOutput(info("y", OnnxType.FLOAT, -1, 3))
                .addInitializer(floats("w", new long[] {2, 3}, 1, 2, 3, 4, 5, 6))
                .addInitializer(floats("b", new long[] {3}, 0.5f, -20, 1))
                .addNode(node("Gemm", "x w b", "z"))
                .addNode(node("Relu", "z", "y"));
    }

    static OnnxModel read(GraphProto.Builder graph) throws OnnxException {
        return read(model(graph, 17));
    }

    static OnnxModel read(ModelProto model) throws OnnxException {
        return OnnxModel.read(model.toByteArray(), Device.getDefault());
    }
}
