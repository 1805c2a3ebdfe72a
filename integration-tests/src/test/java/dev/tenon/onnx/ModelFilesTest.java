package dev.tenon.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.data.format.Npy;
import dev.tenon.graph.Graphs;
import dev.tenon.onnx.export.OnnxExport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Models that another framework wrote, with inputs and its outputs, in `models/NAME/onnx` of
/// `-Dtenon.conformance.dir`: they are read and agree, also captured, and exported again.
class ModelFilesTest {
    private static void near(Path what, Tensor expected, Tensor actual) {
        assertEquals(expected.shape(), actual.shape(), what::toString);
        double off = expected.sub(actual).abs().max().item();
        double scale = Math.max(1, expected.abs().max().item());
        assertTrue(off <= 2e-5 * scale, () -> what + ": off by " + off);
    }

    private static void check(Path folder) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve("model.onnx"));
        OnnxModel model = OnnxModel.read(bytes, Device.getDefault());
        try (Stream<Path> all = Files.list(folder)) {
            for (Path data : all.filter(Files::isDirectory).sorted().toList()) {
                try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
                    Tensor x = Npy.read(data.resolve("input_0.npy"), Device.getDefault());
                    Tensor y = Npy.read(data.resolve("output_0.npy"), Device.getDefault());
                    near(data, y, model.forward(x));
                    OnnxExport again = OnnxExport.of(Graphs.capture(model::forward, x));
                    near(data, y, OnnxModel.read(again.toBytes(), Device.getDefault()).forward(x));
                }
            }
        }
    }

    @TestFactory
    List<DynamicTest> models() throws IOException {
        Path folder = Path.of(System.getProperty("tenon.conformance.dir", "../../shared/conformance"))
                .resolve("models");
        if (!Files.isDirectory(folder)) {
            return List.of(DynamicTest.dynamicTest("no models in " + folder,
                    () -> System.out.println("ModelFilesTest: skipped, there is no folder " + folder)));
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(p -> p.resolve("onnx")).filter(Files::isDirectory).sorted()
                    .map(p -> DynamicTest.dynamicTest(p.getParent().getFileName().toString(), () -> check(p)))
                    .toList();
        }
    }
}
