package dev.tenon.onnx;

import static dev.tenon.onnx.Protos.floats;
import static dev.tenon.onnx.Protos.graph;
import static dev.tenon.onnx.Protos.info;
import static dev.tenon.onnx.Protos.longs;
import static dev.tenon.onnx.Protos.node;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.tenon.api.Device;
import dev.tenon.api.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files from strangers: each is a clear error, and none takes memory that the file does not have.
class HostileModelTest {

    private static void assertRefused(ModelProto model, String... parts) {
        assertRefused(model.toByteArray(), parts);
    }

    private static void assertRefused(byte[] bytes, String... parts) {
        String message = assertThrows(OnnxException.class,
                () -> OnnxModel.read(bytes, Device.getDefault())).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    private static void assertRefused(GraphProto.Builder g, String... parts) {
        assertRefused(Protos.model(g, 17), parts);
    }

    @Test
    void whatIsNoModelIsRefused() {
        assertRefused("this is text, and long enough".getBytes(StandardCharsets.UTF_8), "no ONNX model");
        assertRefused(new byte[0], "no graph");
        byte[] whole = Protos.model(Protos.linear(), 17).toByteArray();
        int refused = 0;
        for (int n = 0; n < whole.length; n++) {
            byte[] cut = Arrays.copyOf(whole, n);
            try {
                OnnxModel.read(cut, Device.getDefault());
            } catch (OnnxException e) {
                refused++;
            }
        }
        // The versions of the operators come last in the file; without them it may still be a model.
        assertTrue(refused > whole.length - 10, refused + " of " + whole.length);
    }

    @Test
    void unknownOperatorsAreNamedAllAtOnce() {
        GraphProto.Builder g = Protos.linear().addNode(node("Wobble", "y", "a"))
                .addNode(node("Wobble", "y", "d").toBuilder().setName("second"))
                .addNode(node("Add", "y y", "c").toBuilder().setDomain("com.example"));
        assertRefused(g, "Wobble of opset 17 (Wobble 'n_Wobble', Wobble 'second')", "com.example.Add",
                "imports no operators of its domain");
        assertRefused(Protos.model(Protos.linear(), 999), "999", "1 to " + Operators.NEWEST);
    }

    @Test
    void claimsLargerThanTheFileTakeNoMemory() {
        TensorProto huge = TensorProto.newBuilder().setName("w").setDataType(1).addDims(1L << 40).addDims(8)
                .setRawData(ByteString.copyFrom(new byte[16])).build();
        assertRefused(Protos.linear().setInitializer(0, huge), "initializer 'w'", "the file has 16");
        assertRefused(Protos.linear().setInitializer(0, huge.toBuilder().clearRawData().addFloatData(1)),
                "the file has 1");
        assertRefused(Protos.linear().setInitializer(0, huge.toBuilder().addDims(1L << 40)), "more than 2^63");
        assertRefused(Protos.linear().setInitializer(0, huge.toBuilder().setDims(0, -1)), "negative");
        assertRefused(Protos.linear().setInitializer(0, huge.toBuilder().setDataType(99)), "type 99 is unknown");
        SparseTensorProto sparse = SparseTensorProto.newBuilder().addDims(1L << 50)
                .setValues(floats("s", new long[] {1}, 7)).setIndices(longs("i", 2)).build();
        assertRefused(Protos.linear().addSparseInitializer(sparse), "too large to be filled");
        assertRefused(Protos.linear().addSparseInitializer(sparse.toBuilder().setDims(0, 2)), "out of range");
    }

    @Test
    void externalDataStaysInTheFolder(@TempDir Path dir) throws IOException {
        Path folder = Files.createDirectory(dir.resolve("model"));
        Files.write(dir.resolve("secret.bin"), new byte[24]);
        Files.write(folder.resolve("short.bin"), new byte[8]);
        Files.createSymbolicLink(folder.resolve("link.bin"), dir.resolve("secret.bin"));
        assertOutside(folder, "../secret.bin", "outside of the model's folder");
        assertOutside(folder, dir.resolve("secret.bin").toString(), "outside of the model's folder");
        assertOutside(folder, "link.bin", "a link out of the model's folder");
        assertOutside(folder, "none.bin", "cannot find");
        assertOutside(folder, "short.bin", "which has 8");
        assertRefused(Protos.linear().setInitializer(0, outside("w.bin")), "was not read from a file");
    }

    private static TensorProto outside(String location) {
        return TensorProto.newBuilder().setName("w").addDims(2).addDims(3).setDataType(1)
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(OnnxModelTest.entry("location", location)).build();
    }

    private static void assertOutside(Path folder, String location, String part) throws IOException {
        Path file = folder.resolve("m.onnx");
        Files.write(file, Protos.model(Protos.linear().setInitializer(0, outside(location)), 17).toByteArray());
        String message = assertThrows(OnnxException.class, () -> OnnxModel.read(file)).getMessage();
        assertTrue(message.contains(part) && message.contains("initializer 'w'"), message);
    }

    @Test
    void graphsThatCannotBeRunAreRefused() {
        assertRefused(Protos.linear().clearNode().addNode(node("Add", "y x", "z")).addNode(node("Neg", "z", "y")),
                "wait for each other", "Add 'n_Add'", "Neg 'n_Neg'");
        assertRefused(Protos.linear().addNode(node("Neg", "x", "y")), "'y' is made twice");
        assertRefused(Protos.linear().addNode(node("Neg", "x", "w")), "'w' is made twice");
        assertRefused(Protos.linear().addNode(node("Neg", "nothing", "q")), "takes 'nothing'");
        assertRefused(Protos.linear().addOutput(info("q", OnnxType.FLOAT)), "'q' is made by no node");
        assertRefused(Protos.linear().addInput(info("x", OnnxType.FLOAT)), "'x' is there twice");
        assertRefused(Protos.linear().addInitializer(longs("w", 1)), "'w' is there twice");
    }

    @Test
    void nestingHasAnEnd() {
        GraphProto inner = GraphProto.newBuilder().addOutput(info("x", OnnxType.FLOAT)).build();
        for (int i = 0; i < 80; i++) {
            inner = GraphProto.newBuilder().addOutput(info("r" + i, OnnxType.FLOAT)).addNode(node("If", "c", "r" + i,
                    graph("then_branch", inner), graph("else_branch", GraphProto.newBuilder()
                            .addOutput(info("x", OnnxType.FLOAT)).build()))).build();
        }
        assertRefused(inner.toBuilder().addInput(info("x", OnnxType.FLOAT)).addInput(info("c", OnnxType.BOOL)),
                "nested more than 64 deep");
        FunctionProto f = FunctionProto.newBuilder().setName("F").setDomain("own").addInput("a").addOutput("b")
                .addNode(node("F", "a", "b").toBuilder().setDomain("own"))
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1)).build();
        GraphProto.Builder g = Protos.linear().addNode(node("F", "x", "q").toBuilder().setDomain("own"));
        assertRefused(Protos.model(g, 17).toBuilder().addFunctions(f).build(), "does it call itself");
    }

    /// Each function calls the next twice: thirty of them would be a thousand million nodes.
    @Test
    void functionsDoNotUnfoldWithoutEnd() {
        ModelProto.Builder m = Protos.model(Protos.linear().addNode(call(0, "x", "q")), 17).toBuilder()
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1));
        for (int i = 0; i < 30; i++) {
            m.addFunctions(FunctionProto.newBuilder().setName("F" + i).setDomain("own").addInput("a").addOutput("c")
                    .addAttribute("k").addNode(i == 29 ? node("Neg", "a", "b") : call(i + 1, "a", "b"))
                    .addNode(i == 29 ? node("Neg", "b", "c") : call(i + 1, "b", "c")));
        }
        assertRefused(m.build(), "more than 300000 nodes");
    }

    private static NodeProto call(int i, String in, String out) {
        return node("F" + i, in, out).toBuilder().setDomain("own").build();
    }

    @Test
    void attributesOfTheWrongKindAreErrorsOfTheirNode() throws IOException {
        AttributeProto axis = AttributeProto.newBuilder().setName("axis").setF(1)
                .setType(AttributeProto.AttributeType.FLOAT).build();
        GraphProto.Builder g = GraphProto.newBuilder().addInput(info("x", OnnxType.FLOAT, -1, 2))
                .addOutput(info("y", OnnxType.FLOAT, -1, 2)).addNode(node("Softmax", "x", "y", axis));
        OnnxModel m = Protos.read(g);
        String message = assertThrows(IllegalArgumentException.class, () -> m.forward(Tensors.zeros(1, 2)))
                .getMessage();
        assertTrue(message.contains("Softmax 'n_Softmax'") && message.contains("expected an integer"), message);
        AttributeProto loose = axis.toBuilder().setRefAttrName("slope").build();
        assertRefused(g.setNode(0, node("Softmax", "x", "y", loose)), "of a function, and this is in none");
    }
}
