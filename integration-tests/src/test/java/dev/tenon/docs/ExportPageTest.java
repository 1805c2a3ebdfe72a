package dev.tenon.docs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import dev.tenon.nn.models.LeNet5;
import dev.tenon.nn.models.Models;
import dev.tenon.onnx.OnnxModel;
import dev.tenon.onnx.export.OnnxExport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The code of the section of docs/onnx.md about writing models.
class ExportPageTest {
    @Test
    void writing(@TempDir Path folder) throws IOException {
        LeNet5 model = Models.lenet5(10);
        Tensor image = Tensors.rand(1, 1, 28, 28);
        Graph graph = Graphs.capture(model.eval(), image);
        OnnxExport.of(graph)
                .inputNames("image")
                .outputNames("scores")
                .write(folder.resolve("model.onnx"));
        try (Context.Mode _ = Context.noGrad()) {
            OnnxModel read = OnnxModel.read(folder.resolve("model.onnx"));
            assertEquals("image", read.inputs().getFirst().name());
            assertArrayEquals(model.call(image).toFloatArray(), read.forward(image).toFloatArray(), 1e-5f);
        }
    }

    @Test
    void thePageHasThisCode() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "onnx.md"));
        String section = page.substring(page.indexOf("## Write a model"), page.indexOf("## Values and types"));
        String code = section.substring(section.indexOf("```java\n") + 8);
        code = code.substring(0, code.indexOf("```"));
        String test = Files.readString(Path.of("src", "test", "java", "dev", "tenon", "docs", "ExportPageTest.java"));
        assertEquals(5, code.lines().count());
        assertTrue(code.lines().allMatch(l -> test.contains(l.strip())), code);
    }
}
