package dev.tenon.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.tenon.api.Device;
import dev.tenon.api.Tensors;
import dev.tenon.data.format.Npy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunAndShowTest {
    @TempDir
    Path dir = Path.of("");

    private Path model = Path.of("");
    private Path a = Path.of("");
    private Path b = Path.of("");

    private static ValueInfoProto info(String name) {
        TensorShapeProto shape = TensorShapeProto.newBuilder()
            .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(2)).build();
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
            TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape))).build();
    }

    private static NodeProto node(String op, String in1, String in2, String out) {
        return NodeProto.newBuilder().setOpType(op).addInput(in1).addInput(in2).addOutput(out).build();
    }

    /// `y = x * w - z` and `s = x + z`, with w = [10, 100].
    @BeforeEach
    void write() throws IOException {
        GraphProto graph = GraphProto.newBuilder().setName("small").addInput(info("x")).addInput(info("z"))
            .addOutput(info("y")).addOutput(info("s"))
            .addInitializer(TensorProto.newBuilder().setName("w").setDataType(1).addDims(2).addFloatData(10)
                .addFloatData(100))
            .addNode(node("Mul", "x", "w", "p")).addNode(node("Sub", "p", "z", "y")).addNode(node("Add", "x", "z", "s"))
            .build();
        ModelProto proto = ModelProto.newBuilder().setIrVersion(8).setGraph(graph)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).build();
        model = Files.write(dir.resolve("model.onnx"), proto.toByteArray());
        a = dir.resolve("a.npy");
        b = dir.resolve("b.npy");
        Npy.write(a, Tensors.of(1f, 2f));
        Npy.write(b, Tensors.of(3f, 4f));
    }

    private float[] read(Path file) throws IOException {
        return Npy.read(file, Device.getDefault()).toFloatArray();
    }

    @Test
    void arraysGoInAndOut() throws IOException {
        Path y = dir.resolve("y.npy");
        Path s = dir.resolve("s.npy");
        Run run = Run.of("run", model.toString(), "--input", a.toString(), "--input", b.toString(),
            "--output", y.toString(), "--output", s.toString());
        assertEquals(0, run.exitCode(), run.err());
        assertArrayEquals(new float[] {7, 196}, read(y));
        assertArrayEquals(new float[] {4, 6}, read(s));
        assertTrue(run.out().contains("y: float[2], from 7.00000 to 196.000, written to " + y), run.out());
    }

    @Test
    void namesDecideBeforeTheOrder() throws IOException {
        Path s = dir.resolve("s.npy");
        Path y = dir.resolve("y.npy");
        Run run = Run.of("run", model.toString(), "--input", b.toString(), "--input", "z=" + a, "--output", "s=" + s,
            "--output", y.toString(), "--json", "--device", "cpu");
        assertEquals(0, run.exitCode(), run.err());
        assertArrayEquals(new float[] {29, 398}, read(y));
        assertEquals(1, run.out().lines().count(), run.out());
        assertTrue(run.out().contains("{\"name\":\"y\",\"type\":\"float\",\"shape\":[2],\"file\":"), run.out());
    }

    @Test
    void whatDoesNotFitIsWrongUsage() throws IOException {
        Path three = dir.resolve("three.npy");
        Npy.write(three, Tensors.of(1f, 2f, 3f));
        for (List<String> words : List.of(
                List.of("--input", a.toString()),
                List.of("--input", a.toString(), "--input", three.toString()),
                List.of("--input", "q=" + a),
                List.of("--input", "x=" + a, "--input", "x=" + a),
                List.of("--input", a.toString(), "--input", a.toString(), "--input", a.toString()))) {
            Run run = Run.of(Stream.concat(Stream.of("run", model.toString()),
                words.stream()).toArray(String[]::new));
            assertEquals(2, run.exitCode(), run.err());
            assertTrue(run.err().contains("x: float[2]") || run.err().contains("given twice")
                || run.err().contains("float[3]"), run.err());
        }
    }

    @Test
    void aFileThatIsNoModelIsAnErrorThatNamesIt() {
        Run run = Run.of("run", a.toString());
        assertEquals(1, run.exitCode());
        assertTrue(run.err().contains("a.npy") && !run.err().contains("\tat "), run.err());
    }

    @Test
    void showListsTheModel() {
        Run run = Run.of("show", model.toString());
        assertEquals(0, run.exitCode(), run.err());
        for (String part : List.of("graph     small", "opsets    ai.onnx 17", "input     z: float[2]",
                "output    s: float[2]", "1 with 2 numbers, 8 bytes", "p = Mul(x, w)")) {
            assertTrue(run.out().contains(part), run.out());
        }
        assertFalse(Run.of("show", dir.resolve("none.onnx").toString()).exitCode() == 0);
    }
}
