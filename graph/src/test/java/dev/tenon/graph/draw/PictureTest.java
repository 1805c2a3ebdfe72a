package dev.tenon.graph.draw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class PictureTest {
    private static Graph graph() {
        Tensor w = Tensors.randn(4, 3);
        return Graphs.capture(t -> t.matmul(w).relu().add(t.sum()), Tensors.randn(2, 4));
    }

    @Test
    void dotNamesOpsShapesAndParameters() {
        String dot = graph().toDot();
        for (String s : List.of("matmul", "with p0", "relu(a)", "2 × 4", "->", "PictureTest.java")) {
            assertTrue(dot.contains(s), s + " in " + dot);
        }
    }

    @Test
    void svgIsXmlWithABoxForEachNode() throws Exception {
        Graph g = graph();
        Document d = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new InputSource(new StringReader(Picture.of(g).toSvg())));
        assertEquals(g.nodes().size() + 2, d.getElementsByTagName("title").getLength());
        assertEquals(6, d.getElementsByTagName("path").getLength() - 1, "arrows, and the tip of all");
    }

    @Test
    void png(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("graph.png");
        Picture.of(graph()).writePng(file, 1);
        BufferedImage small = ImageIO.read(file.toFile());
        Picture.of(graph()).writePng(file, 2);
        BufferedImage large = ImageIO.read(file.toFile());
        assertEquals(2.0, (double) large.getHeight() / small.getHeight(), 0.01);
        boolean[] blue = {false};
        for (int y = 0; y < small.getHeight(); y++) {
            for (int x = 0; x < small.getWidth(); x++) {
                blue[0] |= (small.getRGB(x, y) & 0xffffff) == 0xcfe0f7;
            }
        }
        assertTrue(blue[0], "the product is blue");
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count(), "nothing is left beside it");
        }
        assertThrows(IllegalArgumentException.class, () -> Picture.of(graph()).writePng(file, 0));
    }

    @Test
    void historyFromLeavesToTheLoss() {
        Tensor w = Tensors.randn(3).requiresGrad(true);
        Tensor b = Tensors.randn(3).requiresGrad(true);
        Tensor loss = Tensors.randn(3).mul(w).add(b).tanh().sum();
        String dot = Picture.ofHistory(loss, Map.of("weight", w)).toDot();
        for (String s : List.of("weight", "leaf", "mul", "tanh", "sum", "scalar")) {
            assertTrue(dot.contains(s), s + " in " + dot);
        }
        assertThrows(IllegalArgumentException.class, () -> Picture.ofHistory(Tensors.ones(2)));
    }

    @Test
    void veryDeepHistories() {
        Tensor x = Tensors.ones(1).requiresGrad(true);
        Tensor y = x;
        for (int i = 0; i < 3000; i++) {
            y = y.mul(1.0001);
        }
        assertTrue(Picture.ofHistory(y).toDot().contains("n0_3000"));
    }

    @Test
    void boxesOfALayerDoNotOverlapAndArrowsPointDown() {
        Random random = new Random(1);
        Sketch s = new Sketch("random");
        for (int i = 0; i < 60; i++) {
            s.add(new Sketch.Box(Sketch.Kind.OTHER, List.of("box " + i, "x".repeat(random.nextInt(30))), ""));
            for (int k = 0; i > 0 && k < 1 + random.nextInt(2); k++) {
                s.arrow(random.nextInt(i), i, "label");
            }
        }
        Layout l = Layout.of(s);
        List<double[]> boxes = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            double[] b = l.box(i);
            for (double[] o : boxes) {
                boolean apart = b[0] >= o[0] + o[2] || o[0] >= b[0] + b[2] || b[1] >= o[1] + o[3]
                        || o[1] >= b[1] + b[3];
                assertTrue(apart, "boxes overlap");
            }
            boxes.add(b);
            assertTrue(b[0] >= -1e-6 && b[0] + b[2] <= l.width() + 1e-6);
        }
        for (Layout.Route r : l.routes()) {
            for (int i = 3; i < r.points().length; i += 2) {
                assertTrue(r.points()[i] >= r.points()[i - 2], "arrows point down");
            }
        }
    }
}
