package dev.tenon.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/// A model moved from one device to another.
class OnnxDeviceTest {

    private static NodeProto node(String op, String a, String b, String out) {
        return NodeProto.newBuilder().setOpType(op).addInput(a).addInput(b).addOutput(out).build();
    }

    @Test
    void itsWeightsAndConstantsMoveAndLearnThere() throws IOException {
        GraphProto graph = GraphProto.newBuilder().setName("g").addInput(ValueInfoProto.newBuilder().setName("x"))
                .addOutput(ValueInfoProto.newBuilder().setName("y"))
                .addInitializer(TensorProto.newBuilder().setName("w").setDataType(1).addDims(2).addFloatData(2)
                        .addFloatData(3))
                .addInitializer(TensorProto.newBuilder().setName("to").setDataType(7).addDims(2).addInt64Data(2)
                        .addInt64Data(1))
                .addNode(node("Mul", "x", "w", "p")).addNode(node("Reshape", "p", "to", "y")).build();
        ModelProto proto = ModelProto.newBuilder().setGraph(graph)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).build();
        OnnxModel here = OnnxModel.read(proto.toByteArray(), Device.getDefault());
        Device reference = Device.of("reference:0");
        OnnxModel there = here.toDevice(reference);
        assertSame(here, here.toDevice(here.device()));
        assertEquals(reference, there.device());
        Tensor w = there.parameters().get("w");
        assertNotSame(here.parameters().get("w"), w);
        assertEquals(reference, w.device());
        // Inputs from elsewhere are brought along.
        Tensor y = there.forward(Tensors.of(5f, 7f));
        assertEquals(reference, y.device());
        assertArrayEquals(new float[] {10, 21}, y.toFloatArray());
        y.sum().backward();
        Tensor g = w.grad();
        assertNotNull(g);
        assertArrayEquals(new float[] {5, 7}, g.toFloatArray());
        assertEquals(null, here.parameters().get("w").grad());
    }
}
