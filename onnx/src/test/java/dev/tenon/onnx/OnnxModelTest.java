package dev.tenon.onnx;

import static dev.tenon.onnx.Protos.floats;
import static dev.tenon.onnx.Protos.graph;
import static dev.tenon.onnx.Protos.info;
import static dev.tenon.onnx.Protos.integer;
import static dev.tenon.onnx.Protos.longs;
import static dev.tenon.onnx.Protos.node;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxModelTest {

    private static Tensor x() {
        return Tensors.of(new float[][] {{1, 2}, {3, 4}});
    }

    @Test
    void aModelRunsAndSaysWhatItIs() throws IOException {
        OnnxModel m = Protos.read(Protos.linear());
        assertEquals("[x: float[N, 2]]", m.inputs().toString());
        assertEquals("[y: float[N, 3]]", m.outputs().toString());
        assertEquals(Map.of("", 17), m.opsets());
        assertEquals(Map.of("Gemm", 1, "Relu", 1), m.operatorCounts());
        Tensor y = m.forward(x());
        assertArrayEquals(new float[] {9.5f, 0, 16, 19.5f, 6, 34}, y.toFloatArray());
        assertArrayEquals(y.toFloatArray(), m.run(Map.of("x", OnnxValue.of(x()))).get("y").tensor().toFloatArray());
        String listing = m.describe();
        for (String part : List.of("opsets    ai.onnx 17", "input     x: float[N, 2]", "z = Gemm(x, w, b)",
                "2 with 9 numbers, 36 bytes")) {
            assertTrue(listing.contains(part), listing);
        }
    }

    @Test
    void weightsAreParametersThatLearn() throws IOException {
        OnnxModel m = Protos.read(Protos.linear());
        assertEquals(List.of("w", "b"), List.copyOf(m.parameters().keySet()));
        Tensor w = m.parameters().get("w");
        m.forward(x()).sum().backward();
        Tensor g = w.grad();
        // Rows of the batch count where the ReLU is open.
        assertArrayEquals(new float[] {4, 3, 4, 6, 4, 6}, g == null ? null : g.toFloatArray());
        float before = m.forward(x()).sum().toFloatArray()[0];
        try (Context.Mode _ = Context.noGrad()) {
            w.sub_(Tensors.scalar(0.1));
        }
        assertTrue(m.forward(x()).sum().toFloatArray()[0] < before);
    }

    @Test
    void runningStatisticsAreNoParametersToLearn() throws IOException {
        GraphProto.Builder g = GraphProto.newBuilder().addInput(info("x", OnnxType.FLOAT, 2, 1))
                .addOutput(info("y", OnnxType.FLOAT, 2, 1));
        for (String name : List.of("scale", "shift", "mean", "var")) {
            g.addInitializer(floats(name, new long[] {1}, 2));
        }
        OnnxModel m = Protos.read(g.addNode(node("BatchNormalization", "x scale shift mean var", "y")));
        assertTrue(m.parameters().get("scale").requiresGrad());
        assertFalse(m.parameters().get("mean").requiresGrad());
    }

    @Test
    void withoutGradientsNothingIsLeftBehindButTheResult() throws IOException {
        GraphProto.Builder g = Protos.linear().clearNode().addNode(node("Gemm", "x w b", "z"))
                .addNode(node("Identity", "z", "same")).addNode(node("Reshape", "same shape", "flat"))
                .addNode(node("Relu", "flat", "r")).addNode(node("Reshape", "r back", "y"))
                .addInitializer(longs("shape", -1)).addInitializer(longs("back", -1, 3));
        OnnxModel m = Protos.read(g);
        Tensor x = x();
        Device d = Device.getDefault();
        try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
            m.forward(x);
        }
        long before = d.memory().used();
        for (int i = 0; i < 3; i++) {
            try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
                assertArrayEquals(new float[] {9.5f, 0, 16, 19.5f, 6, 34}, m.forward(x).toFloatArray());
            }
        }
        assertEquals(before, d.memory().used());
    }

    @Test
    void shapesOfTheInputDecideTheShapesOfResults() throws IOException {
        GraphProto.Builder g = GraphProto.newBuilder().addInput(info("x", OnnxType.FLOAT, -1, 4))
                .addOutput(info("y", OnnxType.FLOAT, -1, 2, 2)).addInitializer(longs("zero", 0))
                .addInitializer(longs("rest", 2, 2))
                .addNode(node("Shape", "x", "s")).addNode(node("Gather", "s zero", "n", integer("axis", 0)))
                .addNode(node("Concat", "n rest", "to", integer("axis", 0))).addNode(node("Reshape", "x to", "y"));
        OnnxModel m = Protos.read(g);
        assertEquals(Shape.of(3, 2, 2), m.forward(Tensors.zeros(3, 4)).shape());
        assertEquals(Shape.of(0, 2, 2), m.forward(Tensors.zeros(0, 4)).shape());
    }

    @Test
    void branchesSeeTheValuesAroundThem() throws IOException {
        GraphProto twice = GraphProto.newBuilder().setName("then").addOutput(info("t", OnnxType.FLOAT, 1))
                .addNode(node("Add", "x x", "t")).build();
        GraphProto same = GraphProto.newBuilder().setName("else").addOutput(info("x", OnnxType.FLOAT, 1)).build();
        GraphProto.Builder g = GraphProto.newBuilder().addInput(info("c", OnnxType.BOOL))
                .addInput(info("x", OnnxType.FLOAT, 1)).addOutput(info("y", OnnxType.FLOAT, 1))
                .addNode(node("If", "c", "y", graph("then_branch", twice), graph("else_branch", same)));
        OnnxModel m = Protos.read(g);
        Tensor x = Tensors.of(3f);
        for (boolean c : new boolean[] {true, false, true, false}) {
            try (Context.Mode _ = Context.noGrad()) {
                Tensor condition = Tensors.of(c).reshape(Shape.SCALAR);
                assertEquals(c ? 6 : 3, m.forward(condition, x).item());
            }
        }
    }

    @Test
    void functionsOfTheModelTakeTheirAttributesFromTheCall() throws IOException {
        AttributeProto reference = AttributeProto.newBuilder().setName("alpha").setRefAttrName("slope")
                .setType(AttributeProto.AttributeType.FLOAT).build();
        FunctionProto f = FunctionProto.newBuilder().setName("Leak").setDomain("own").addInput("a").addOutput("b")
                .addAttribute("slope").addNode(node("LeakyRelu", "a", "b", reference))
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).build();
        AttributeProto slope = AttributeProto.newBuilder().setName("slope").setF(0.5f)
                .setType(AttributeProto.AttributeType.FLOAT).build();
        GraphProto.Builder g = GraphProto.newBuilder().addInput(info("x", OnnxType.FLOAT, 1))
                .addOutput(info("y", OnnxType.FLOAT, 1))
                .addNode(node("Leak", "x", "y", slope).toBuilder().setDomain("own"));
        ModelProto model = Protos.model(g, 17).toBuilder().addFunctions(f)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1)).build();
        assertEquals(-2, Protos.read(model).forward(Tensors.of(-4f)).item());
    }

    @Test
    void nodesMayStandInAnyOrder() throws IOException {
        GraphProto.Builder g = Protos.linear();
        GraphProto.Builder turned = g.clone().clearNode().addNode(g.getNode(1)).addNode(g.getNode(0));
        assertArrayEquals(Protos.read(g).forward(x()).toFloatArray(),
                Protos.read(turned).forward(x()).toFloatArray());
    }

    @Test
    void unsignedAndSmallTypesKeepTheirNamesAndWrap() throws IOException {
        GraphProto.Builder g = GraphProto.newBuilder().addInput(info("a", OnnxType.UINT16, 2))
                .addInput(info("b", OnnxType.UINT16, 2)).addOutput(info("y", OnnxType.UINT16, 2))
                .addNode(node("Sub", "a b", "y"));
        Map<String, OnnxValue> in = Map.of("a", OnnxValue.of(OnnxType.UINT16, Tensors.of(1, 60000)),
                "b", OnnxValue.of(Tensors.of(2, 50000)));
        OnnxValue y = Protos.read(g).run(in).get("y");
        assertEquals(OnnxType.UINT16, y.type());
        assertArrayEquals(new int[] {65535, 10000}, y.tensor().toIntArray());
    }

    @Test
    void stringsGoThroughOperatorsThatMoveElements() throws IOException {
        GraphProto.Builder g = GraphProto.newBuilder().addInput(info("a", OnnxType.STRING, 2))
                .addInput(info("b", OnnxType.STRING, 1)).addOutput(info("y", OnnxType.STRING, 3))
                .addOutput(info("same", OnnxType.BOOL, 2))
                .addNode(node("Concat", "a b", "y", integer("axis", 0))).addNode(node("Equal", "a b", "same"));
        var out = Protos.read(g).run(Map.of("a", OnnxValue.ofStrings("one", "two"), "b", OnnxValue.ofStrings("two")));
        assertEquals(OnnxValue.ofStrings("one", "two", "two"), out.get("y"));
        assertArrayEquals(new boolean[] {false, true}, out.get("same").tensor().toBooleanArray());
    }

    @Test
    void sparseInitializersAreFilledWithZeros() throws IOException {
        SparseTensorProto sparse = SparseTensorProto.newBuilder().addDims(2).addDims(2)
                .setValues(floats("w", new long[] {1}, 7)).setIndices(longs("i", 2)).build();
        GraphProto.Builder g = GraphProto.newBuilder().addOutput(info("y", OnnxType.FLOAT, 2, 2))
                .addSparseInitializer(sparse).addNode(node("Identity", "w", "y"));
        assertArrayEquals(new float[] {0, 0, 7, 0}, Protos.read(g).forward().toFloatArray());
    }

    @Test
    void externalDataLiesBesideTheModel(@TempDir Path dir) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(8 + 24).order(ByteOrder.LITTLE_ENDIAN).position(8);
        for (int i = 1; i <= 6; i++) {
            b.putFloat(i);
        }
        Files.write(dir.resolve("w.bin"), b.array());
        GraphProto.Builder g = Protos.linear();
        TensorProto outside = TensorProto.newBuilder().setName("w").addDims(2).addDims(3)
                .setDataType(OnnxType.FLOAT.code()).setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(entry("location", "w.bin")).addExternalData(entry("offset", "8"))
                .addExternalData(entry("length", "24")).build();
        Path file = dir.resolve("m.onnx");
        Files.write(file, Protos.model(g.setInitializer(0, outside), 17).toByteArray());
        assertArrayEquals(new float[] {9.5f, 0, 16, 19.5f, 6, 34}, OnnxModel.read(file).forward(x()).toFloatArray());
    }

    static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }

    @Test
    void inputsThatDoNotFitAreRefused() throws IOException {
        OnnxModel m = Protos.read(Protos.linear());
        assertRefused(m, Map.of(), "'x' is missing");
        assertRefused(m, Map.of("x", OnnxValue.of(x()), "z", OnnxValue.of(x())), "no input 'z'");
        assertRefused(m, Map.of("x", OnnxValue.of(x().to(DType.F64))), "the model declares float[N, 2]");
        assertRefused(m, Map.of("x", OnnxValue.of(Tensors.zeros(2, 3))), "got float[2, 3]");
        assertRefused(m, Map.of("x", OnnxValue.ofStrings("a")), "got string[1]");
        assertThrows(IllegalArgumentException.class, () -> m.forward(x(), x()));
    }

    private static void assertRefused(OnnxModel m, Map<String, OnnxValue> in, String part) {
        String message = assertThrows(IllegalArgumentException.class, () -> m.run(in)).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void anErrorOfANodeNamesIt() throws IOException {
        GraphProto.Builder g = GraphProto.newBuilder().addInput(info("x", OnnxType.FLOAT, -1))
                .addOutput(info("y", OnnxType.FLOAT, 5)).addInitializer(longs("to", 5))
                .addNode(node("Reshape", "x to", "y"));
        OnnxModel m = Protos.read(g);
        String message = assertThrows(IllegalArgumentException.class, () -> m.forward(Tensors.zeros(4))).getMessage();
        assertTrue(message.contains("Reshape 'n_Reshape' (opset 17)"), message);
    }
}
