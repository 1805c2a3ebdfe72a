package dev.tenon.onnx.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.linalg.Linalg;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphBuilder;
import dev.tenon.graph.Graphs;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.GELU;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.loss.MSELoss;
import dev.tenon.nn.optim.SGD;
import dev.tenon.onnx.OnnxException;
import dev.tenon.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxExportTest {
    private static Tensor f(double... values) {
        float[] v = new float[values.length];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) values[i];
        }
        return Tensors.of(v);
    }

    private static Map<String, Integer> operators(OnnxExport e) throws OnnxException {
        return OnnxModel.read(e.toBytes(), Device.getDefault()).operatorCounts();
    }

    /// Exports a function and holds both runtimes against it, on each of some inputs.
    private static Map<String, Integer> check(Function<List<Tensor>, List<Tensor>> fn, List<Tensor> first,
            List<List<Tensor>> more) throws OrtException, OnnxException {
        OnnxExport e = OnnxExport.of(Graphs.capture(fn, first));
        OnnxModel read = OnnxModel.read(e.toBytes(), Device.getDefault());
        for (List<Tensor> in : Stream.concat(Stream.of(first), more.stream())
                .toList()) {
            List<Tensor> expected = fn.apply(in);
            List<Tensor> ort = OnnxRuntime.run(e.toBytes(), in);
            List<Tensor> own = read.forwardAll(in.toArray(Tensor[]::new));
            assertEquals(expected.size(), ort.size());
            for (int i = 0; i < expected.size(); i++) {
                Exported.near("ONNX Runtime, output " + i, expected.get(i), ort.get(i));
                Exported.near("read back, output " + i, expected.get(i), own.get(i));
            }
        }
        return read.operatorCounts();
    }

    @Test
    void namesAndVersions() throws IOException {
        Sequential m = new Sequential(new Linear(3, 4), new ReLU(), new Linear(4, 2));
        Graph g = Graphs.capture(m, f(1, 2, 3).reshape(1, 3));
        OnnxModel read = OnnxModel.read(OnnxExport.of(g).inputNames("image").outputNames("scores")
                .graphName("mlp").producer("someone", "2.1").toBytes(), Device.getDefault());
        assertEquals("image", read.inputs().getFirst().name());
        assertEquals("scores", read.outputs().getFirst().name());
        assertEquals("mlp", read.name());
        assertEquals("someone 2.1", read.producer());
        assertEquals(Map.of("", 18), read.opsets());
        assertEquals(m.stateDict().keySet(), read.parameters().keySet());
        assertEquals(Map.of("Gemm", 2, "Relu", 1), read.operatorCounts());
        assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(g).inputNames("a", "b"));
        assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(g).outputNames(""));
        assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(g).opset(9));
        var clash = OnnxExport.of(g).inputNames("a").outputNames("a");
        assertTrue(assertThrows(IllegalArgumentException.class, clash::toBytes).getMessage().contains("both named"));
    }

    @Test
    void geluIsAnOperatorFromOpset20() throws OnnxException, OrtException {
        Tensor x = f(-2, -0.5, 0, 0.5, 3);
        Graph g = Graphs.capture(new GELU(), x);
        assertEquals(Map.of("Gelu", 1), operators(OnnxExport.of(g).opset(20)));
        assertFalse(operators(OnnxExport.of(g)).containsKey("Gelu"));
        for (int opset = 18; opset <= 22; opset++) {
            Exported.near("opset " + opset, x.gelu(),
                    OnnxRuntime.run(OnnxExport.of(g).opset(opset).toBytes(), List.of(x)).getFirst());
        }
    }

    @Test
    void weightsInASecondFile(@TempDir Path folder) throws IOException, OrtException {
        Sequential m = new Sequential(new Linear(40, 30), new Linear(30, 20));
        Tensor x = Tensors.rand(2, 40);
        Path file = folder.resolve("model.onnx");
        OnnxExport e = OnnxExport.of(Graphs.capture(m, x));
        e.externalData(1000).write(file);
        assertEquals(List.of("model.onnx", "model.onnx.data"), names(folder));
        // Two of four weights are that large; the second begins at a multiple of 4096 bytes.
        assertEquals(8192 + 30 * 20 * 4, Files.size(folder.resolve("model.onnx.data")));
        assertTrue(Files.size(file) < 3000);
        Exported.near("ONNX Runtime", m.call(x), OnnxRuntime.run(file, List.of(x)).getFirst());
        Exported.near("read back", m.call(x), OnnxModel.read(file).forward(x));
        e.write(file);
        assertTrue(Files.size(file) > 7000);
        Exported.near("inside", m.call(x), OnnxModel.read(file).forward(x));
        assertThrows(FileSystemException.class, () -> e.write(folder.resolve("no/such/model.onnx")));
        assertEquals(List.of("model.onnx", "model.onnx.data"), names(folder));
    }

    private static List<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void whatCannotBeWrittenIsNamedAtOnceWithItsLine() {
        Dropout drop = new Dropout(0.5);
        Tensor x = f(1, 2, 3, 4).reshape(2, 2);
        Graph g = Graphs.capture((Tensor in) -> drop.call(in).lgamma().matmul(Linalg.cholesky(in, false)), x);
        String message = assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(g).toBytes()).getMessage();
        assertTrue(message.contains("lgamma"), message);
        assertTrue(message.contains("random numbers") || message.contains("run to run"), message);
        assertTrue(message.contains("cholesky"), message);
        assertEquals(2, message.lines().filter(l -> l.contains("OnnxExportTest.java:")).count(), message);
        assertEquals(1, message.lines().filter(l -> l.contains("Dropouts.java:")).count(), message);
    }

    @Test
    void trainingStepsAreRefusedOrLeftOut() throws OnnxException {
        Linear m = new Linear(3, 1);
        SGD sgd = new SGD(m.parameters(), 0.1);
        Tensor x = f(1, 2, 3).reshape(1, 3);
        Graph step = Graphs.captureStep(in -> {
            sgd.zeroGrad();
            Tensor loss = new MSELoss().call(m.call(in.getFirst()), in.getFirst().sum(1, true));
            loss.backward();
            sgd.step();
            return List.of(loss.detach());
        }, List.of(x));
        String message = assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(step).toBytes())
                .getMessage();
        assertTrue(message.contains("changes 2 parameters") && message.contains("outputsOnly"), message);
        Map<String, Integer> operators = operators(OnnxExport.of(step).outputsOnly());
        assertEquals(1, operators.get("Gemm"), operators::toString);
    }

    @Test
    void outputsThatAreInputsConstantsOrTheSame() throws OnnxException, OrtException {
        Tensor weight = f(5, 6);
        check(in -> {
            Tensor y = in.getFirst().add(1);
            return List.of(in.getFirst(), weight, y, y, Tensors.of(new float[] {7}));
        }, List.of(f(1, 2)), List.of(List.of(f(3, 4))));
    }

    @Test
    void conditions() throws OnnxException, OrtException {
        Tensor w = f(10, 20);
        Map<String, Integer> operators = check(in -> Graphs.condAll(in.getFirst().sum().gt(0),
                () -> List.of(in.getFirst().mul(w), in.getFirst()),
                () -> List.of(in.getFirst().neg(), w)),
                List.of(f(1, 2)), List.of(List.of(f(-1, -2))));
        assertEquals(1, operators.get("If"));
    }

    @Test
    void scans() throws OnnxException, OrtException {
        Tensor w = f(0.5, 2);
        Map<String, Integer> operators = check(in -> {
            Graphs.Scanned s = Graphs.scan((c, x) -> {
                Tensor next = c.getFirst().mul(w).add(x.getFirst());
                return new Graphs.Scanned(List.of(next), List.of(next.square(), x.getFirst()));
            }, List.of(in.get(1)), List.of(in.get(0)));
            return List.of(s.carried().getFirst(), s.outputs().get(0), s.outputs().get(1));
        }, List.of(f(1, 2, 3, 4, 5, 6).reshape(3, 2), f(0, 1)), List.of());
        assertEquals(1, operators.get("Scan"));
    }

    @Test
    void scansCapturedUnderGradients() throws OnnxException, OrtException {
        Tensor w = f(0.5, 2).requiresGrad(true);
        Graph g = Graphs.capture((Tensor x) -> Graphs.foldl((a, e) -> a.mul(w).add(e), x, x.select(0, 0)),
                f(1, 2, 3, 4).reshape(2, 2));
        Tensor x = f(4, 3, 2, 1).reshape(2, 2);
        Exported.near("scan", g.run(x).getFirst(),
                OnnxRuntime.run(OnnxExport.of(g).toBytes(), List.of(x)).getFirst());
    }

    @Test
    void loops() throws OnnxException, OrtException {
        for (int most : new int[] {0, 50}) {
            Map<String, Integer> operators = check(in -> {
                Function<List<Tensor>, Tensor> test = s -> s.getFirst().sum().lt(in.get(1).sum());
                Function<List<Tensor>, List<Tensor>> body = s -> List.of(s.get(0).mul(2), s.get(1).add(1));
                List<Tensor> start = List.of(in.getFirst(), Tensors.of(new long[] {0}));
                return most == 0 ? Graphs.whileLoop(test, body, start) : Graphs.whileLoop(test, body, start, most);
            }, List.of(f(1, 2), f(1000)), List.of(List.of(f(1, 1), f(3)), List.of(f(1, 1), f(1))));
            assertEquals(1, operators.get("Loop"));
        }
    }

    @Test
    void builtGraphs() throws OrtException {
        Graph g;
        try (Context.Mode _ = Context.noGrad(); GraphBuilder b = new GraphBuilder("built")) {
            Tensor x = b.placeholder("x", DType.BF16, Shape.of(2, 3));
            b.output("y", x.softmax(1)).output("z", x.to(DType.F16).exp());
            g = b.build();
        }
        Tensor x = f(1, 2, 3, 4, 5, 6).reshape(2, 3).to(DType.BF16);
        List<Tensor> out = OnnxRuntime.run(OnnxExport.of(g).toBytes(), List.of(x));
        assertArrayEquals(g.run(x).get(0).toFloatArray(), out.get(0).toFloatArray(), 0.01f);
        assertArrayEquals(g.run(x).get(1).toFloatArray(), out.get(1).toFloatArray(), 0.5f);
    }
}
